import type { Act, Authorisation } from "../approvals/authorise.ts";
import type { Asked, Authoriser } from "../approvals/authoriser.ts";
import { countApprovals, type GivenApproval } from "../approvals/count.ts";
import type { Facts } from "../approvals/people.ts";
import { AftershockError } from "../errors.ts";
import { insertDecision, standingApprovals } from "../store/decisions.ts";
import { inTransaction, type Database, type Queryable } from "../store/database.ts";
import { appendEvents } from "../store/events.ts";
import { isPastExpiry } from "../store/request-expiry.ts";
import { compareAndSetState, findRun, lockRun, newestRunIds, type StoredRun } from "../store/runs.ts";
import type { RunEventBody } from "./events.ts";
import { refuseWhenHalted } from "./halt/gate.ts";
import { occupyingStates, type RunState } from "./lifecycle.ts";
import { nearHint } from "./near-ids.ts";
import type { Actor } from "./service.ts";
import { primaryHitBy, subjectOf } from "./subject.ts";

/** What people decide about a run before it starts: approve, deny, take an approval back. */
export interface Decisions {
  approve(actor: Actor, runId: string, decision: { reason: string | null; seen: string | null }): Promise<StoredRun>;
  deny(actor: Actor, runId: string, reason: string | null): Promise<StoredRun>;
  revoke(actor: Actor, runId: string, reason: string | null): Promise<StoredRun>;
}

/** A run under its lock, with what was looked up before. */
interface Locked {
  client: Queryable;
  run: StoredRun;
  given: readonly GivenApproval[];
  facts: Facts;
  /** Throws AftershockError `not_allowed` unless it is allowed. */
  may(more?: Partial<Asked>): void;
}

/**
 * Decisions on PostgreSQL. What has to be looked up in Slack is looked up before the run is locked; what was decided is
 * written under the lock, so that of two clicks at once the second sees the first.
 */
export function createDecisions(options: { database: Database; authoriser: Authoriser }): Decisions {
  const { database, authoriser } = options;

  const decide = async (
    asked: { act: Act; actor: Actor },
    runId: string,
    write: (locked: Locked) => Promise<void>,
  ): Promise<StoredRun> => {
    for (;;) {
      const found = await existingRun(database, runId);
      const approvals = await standingApprovals(database, found.id);
      const facts = await authoriser.facts({ ...asked, subject: subjectOf(found), approvals });
      const decided = await inTransaction(database, async (client) => {
        const run = (await lockRun(client, found.id)) ?? found;
        const given = await standingApprovals(client, run.id);
        // Somebody approved meanwhile, about whom nothing was looked up: look again.
        if (given.some(({ userId }) => !approvals.some((known) => known.userId === userId))) return null;
        const subject = subjectOf(run);
        const may = (more: Partial<Asked> = {}): void =>
          enforce(authoriser.judge({ ...asked, subject, ...more }, facts));
        await write({ client, run, given, facts, may });
        return existingRun(client, run.id);
      });
      if (decided !== null) return decided;
    }
  };

  return {
    approve: (actor, runId, { reason, seen }) =>
      decide({ act: "approve", actor }, runId, async ({ client, run, given, facts, may }) => {
        // Who may not is told that first, and what the run is now only then.
        may();
        await requirePending(client, run);
        requireSeen(run, seen);
        await refuseWhenHalted(client);
        may({ primaryHitBy: await primaryHitBy(client, run, occupyingStates) });
        if (given.some(({ userId, digest }) => userId === actor.userId && digest === run.digest)) {
          throw new AftershockError("not_pending", `You have approved ${run.id} already.`, "Somebody else must, too.");
        }
        const own = { userId: actor.userId, digest: run.digest };
        await insertDecision(client, run.id, { ...own, decision: "approved", reason });
        const subject = subjectOf(run);
        const rule = authoriser.rule(subject);
        if (rule === null) throw new Error(`${run.id} was approved without a rule`);
        const now = authoriser.now();
        const all = [...given, { ...own, at: now.toISOString() }];
        const { counted } = countApprovals(rule, subject, all, facts, now);
        // What was asked for, or what the policy wants by now: whichever is more.
        const needed = Math.max(rule.required, run.plan.approvalsNeeded);
        const counts = { given: counted.length, needed };
        const approved: RunEventBody = { type: "approved", by: actor.userId, reason, digest: run.digest, ...counts };
        if (counted.length < needed) await appendEvents(client, run.id, [approved]);
        else await move(client, run, "approved", null, [approved]);
      }),
    deny: (actor, runId, reason) =>
      decide({ act: "deny", actor }, runId, async ({ client, run, may }) => {
        may();
        await requirePending(client, run);
        await insertDecision(client, run.id, { userId: actor.userId, decision: "denied", reason, digest: run.digest });
        const denied: RunEventBody = { type: "denied", by: actor.userId, reason };
        await move(client, run, "denied", `Denied by <@${actor.userId}>.`, [denied]);
      }),
    revoke: (actor, runId, reason) =>
      decide({ act: "revoke", actor }, runId, async ({ client, run, given, may }) => {
        may();
        if (run.state !== "approved") await requirePending(client, run);
        if (!given.some(({ userId }) => userId === actor.userId)) throw nothingToRevoke(run);
        const { digest } = run;
        await insertDecision(client, run.id, { userId: actor.userId, decision: "revoked", reason, digest });
        const left = given.filter((approval) => approval.userId !== actor.userId && approval.digest === digest).length;
        const counts = { given: left, needed: run.plan.approvalsNeeded };
        const revoked: RunEventBody = { type: "revoked", by: actor.userId, reason, ...counts };
        if (run.state === "requested") await appendEvents(client, run.id, [revoked]);
        // It was about to start. Ending it is certain; back among the requests it could start again within the second.
        else {
          const why = `<@${actor.userId}> took the approval back before it started.`;
          await move(client, run, "aborted", why, [revoked]);
        }
      }),
  };
}

/** Throws AftershockError `unknown_run`. */
export async function existingRun(client: Queryable, runId: string): Promise<StoredRun> {
  const run = await findRun(client, normaliseRunId(runId));
  if (run !== null) return run;
  throw new AftershockError(
    "unknown_run",
    `There is no run "${runId}".`,
    nearHint(normaliseRunId(runId), await newestRunIds(client), "See the runs of this channel: /chaos status"),
  );
}

/** `12` and `run-12` are the same run. */
export function normaliseRunId(typed: string): string {
  const text = typed.trim().toLowerCase();
  return /^\d+$/.test(text) ? `run-${text}` : text;
}

/** Moves a run under its own lock, with the events that led to it. */
export async function move(
  client: Queryable,
  run: StoredRun,
  to: RunState,
  reason: string | null,
  before: readonly RunEventBody[],
): Promise<void> {
  const changed: RunEventBody = { type: "state", from: run.state, to, reason, atMs: null };
  await appendEvents(client, run.id, [...before, changed]);
  const moved = await compareAndSetState(client, { runId: run.id, from: run.state, to });
  if (!moved) throw new Error(`${run.id} changed under its own lock`);
}

/** Throws AftershockError `not_allowed` unless it is allowed. */
export function enforce(authorisation: Authorisation): void {
  if (!authorisation.allowed) throw new AftershockError("not_allowed", authorisation.message, authorisation.hint);
}

function nothingToRevoke(run: StoredRun): AftershockError {
  return new AftershockError(
    "not_pending",
    `There is no approval of yours on ${run.id}.`,
    `Follow it: /chaos status ${run.id}`,
  );
}

async function requirePending(client: Queryable, run: StoredRun): Promise<void> {
  if (run.state === "requested" && !(await isPastExpiry(client, run.id))) return;
  if (run.state === "requested" || run.state === "expired") {
    throw new AftershockError(
      "not_pending",
      `The request ${run.id} has expired.`,
      `Ask again: /chaos run ${run.experiment}`,
    );
  }
  const approvers = run.approvedBy.map((id) => `<@${id}>`).join(", ");
  throw new AftershockError(
    "not_pending",
    approvers === "" ? `${run.id} is ${run.state}.` : `${run.id} was approved by ${approvers} and is ${run.state}.`,
    `Follow it: /chaos status ${run.id}`,
  );
}

/** What was seen must be what is approved: a card that was posted for another plan approves nothing. */
function requireSeen(run: StoredRun, seen: string | null): void {
  if (seen === null || (seen.length >= 8 && run.digest.startsWith(seen))) return;
  throw new AftershockError(
    "not_pending",
    `The card that you clicked shows another plan than ${run.id} has now, so that it approves nothing.`,
    `Look at the plan as it is, and approve that: /chaos status ${run.id}`,
  );
}
