import { mayAct, mayApprove, mayDeny, type ApprovalPolicy, type Authorisation } from "../approvals/policy.ts";
import { AftershockError } from "../errors.ts";
import { nearest } from "../experiment/nearest.ts";
import { rangeText } from "../experiment/parameters.ts";
import type { Experiment } from "../experiment/schema.ts";
import { findArtifact } from "../store/artifacts.ts";
import { approvals, insertDecision } from "../store/decisions.ts";
import { inTransaction, violates, type Database, type Queryable } from "../store/database.ts";
import { appendEvents, eventsAfter } from "../store/events.ts";
import {
  compareAndSetState,
  findRun,
  insertRun,
  lockRun,
  occupant,
  openRuns,
  recentRuns,
  requestAbort,
  type StoredRun,
} from "../store/runs.ts";
import { refuseUnprovenTarget } from "./alarms/create-service.ts";
import type { RunEventBody } from "./events.ts";
import { isTerminal, type RunState } from "./lifecycle.ts";
import { makePlan } from "./planner.ts";
import type { Actor, RunRequest, RunService } from "./service.ts";
import type { Registry } from "./systems.ts";

export interface ServiceOptions {
  database: Database;
  registry: Registry;
  policy: ApprovalPolicy;
  defaultCluster: string;
  defaultProfile?: string;
  /** Wakes a worker for an approved run. May fail: the reconciler finds approved runs without it. */
  wake: (runId: string) => Promise<void>;
  log: (message: string, detail?: Record<string, unknown>) => void;
}

/** The RunService on PostgreSQL. Every decision is a compare-and-set; Slack only shows what came of it. */
export function createRunService(options: ServiceOptions): RunService {
  const { database, registry, policy } = options;

  const experiment = (name: string): Experiment => {
    const found = registry.experiments.find((candidate) => candidate.name === name);
    if (found !== undefined) return found;
    const names = registry.experiments.map((candidate) => candidate.name);
    const close = nearest(name, names);
    throw new AftershockError(
      "unknown_experiment",
      `There is no experiment "${name}".`,
      close === undefined ? "See what there is: /chaos list" : `Did you mean ${close}? Type: /chaos run ${close}`,
    );
  };

  const plan = (request: RunRequest) =>
    makePlan(registry, {
      experiment: experiment(request.experiment),
      typed: request.parameters,
      cluster: request.cluster ?? options.defaultCluster,
      approvalsNeeded: policy.required,
      ...(request.profile === undefined ? {} : { profile: request.profile }),
      ...(options.defaultProfile === undefined ? {} : { defaultProfile: options.defaultProfile }),
    });

  const existing = async (client: Queryable, runId: string): Promise<StoredRun> => {
    const run = await findRun(client, normaliseRunId(runId));
    if (run !== null) return run;
    throw new AftershockError(
      "unknown_run",
      `There is no run "${runId}".`,
      "See the runs of this channel: /chaos status",
    );
  };

  /** Locks the run, lets `decide` write, and returns the run as it is afterwards. */
  const change = (runId: string, decide: (client: Queryable, run: StoredRun) => Promise<void>): Promise<StoredRun> =>
    inTransaction(database, async (client) => {
      const locked = await lockRun(client, normaliseRunId(runId));
      await decide(client, locked ?? (await existing(client, runId)));
      return existing(client, runId);
    });

  return {
    experiments: () => registry.experiments,
    experiment,
    plan,
    request: async (actor, request) => {
      enforce(mayAct(policy, actor));
      const planned = await plan(request);
      const busy = await occupant(database, planned.plan.targetKey);
      if (busy !== null) throw targetBusy(planned.plan.targetKey, busy);
      await refuseUnprovenTarget(database, planned.plan.targetKey);
      return inTransaction(database, async (client) => {
        const { id, expiresAt } = await insertRun(client, {
          ...planned,
          requestedBy: actor.userId,
          teamId: actor.teamId,
          channelId: actor.channelId,
          expiresAfterMs: policy.expiresAfterMs,
        });
        await appendEvents(client, id, [{ type: "requested", by: actor.userId, ...planned, expiresAt }]);
        return existing(client, id);
      });
    },
    approve: async (actor, runId, reason) => {
      const run = await approve(actor, runId, reason ?? null).catch(async (error: unknown) => {
        if (!violates(error, "one_active_run_per_target")) throw error;
        const { plan: wanted } = await existing(database, runId);
        throw targetBusy(wanted.targetKey, (await occupant(database, wanted.targetKey)) ?? "another run");
      });
      if (run.state === "approved") {
        await options.wake(run.id).catch((error: unknown) => options.log("wake-up failed", { error: String(error) }));
      }
      return run;
    },
    deny: (actor, runId, reason) =>
      change(runId, async (client, run) => {
        enforce(mayDeny(policy, actor, run));
        requirePending(run);
        await insertDecision(client, run.id, {
          userId: actor.userId,
          decision: "denied",
          reason: reason ?? null,
          digest: run.digest,
        });
        await move(client, run, "denied", `Denied by <@${actor.userId}>.`, [
          { type: "denied", by: actor.userId, reason: reason ?? null },
        ]);
      }),
    abort: (actor, runId, reason) =>
      change(runId, async (client, run) => {
        enforce(mayAct(policy, actor));
        if (isTerminal(run.state)) throw alreadyEnded(run);
        if (!(await requestAbort(client, run.id, actor.userId, reason ?? null))) {
          throw new AftershockError(
            "not_pending",
            `${run.id} is being stopped already, as <@${run.abortRequestedBy ?? ""}> asked.`,
            `Follow it: /chaos status ${run.id}`,
          );
        }
        const asked: RunEventBody = { type: "abort-requested", by: actor.userId, reason: reason ?? null };
        // Nobody owns it yet: it can end here. A started run is stopped and healed by its owner.
        if (run.state === "requested" || run.state === "approved") {
          await move(client, run, "aborted", `Stopped by <@${actor.userId}> before it started.`, [asked]);
        } else {
          await appendEvents(client, run.id, [asked]);
        }
      }),
    find: async (channelId, runId) => {
      if (runId !== undefined) return existing(database, runId);
      const [newest] = await recentRuns(database, channelId, 1);
      if (newest !== undefined) return newest;
      throw new AftershockError(
        "unknown_run",
        "There is no run in this channel yet.",
        "See what there is: /chaos list",
      );
    },
    recent: (channelId, limit) => recentRuns(database, channelId, limit),
    open: (channelId) => openRuns(database, channelId),
    events: (runId, afterSeq = 0) => eventsAfter(database, runId, afterSeq),
    artifact: (runId, name) => findArtifact(database, runId, name),
    parameterHelp: (name) =>
      Object.entries(experiment(name).parameters).map(([parameter, definition]) => ({
        name: parameter,
        default: definition.default,
        range: rangeText(definition),
        description: definition.description,
      })),
  };

  function approve(actor: Actor, runId: string, reason: string | null): Promise<StoredRun> {
    return change(runId, async (client, run) => {
      enforce(mayApprove(policy, actor, run));
      requirePending(run);
      const decision = { userId: actor.userId, decision: "approved", reason, digest: run.digest } as const;
      if (!(await insertDecision(client, run.id, decision))) {
        throw new AftershockError("not_pending", `You have approved ${run.id} already.`, "Somebody else must, too.");
      }
      const given = (await approvals(client, run.id, run.digest)).length;
      const approved: RunEventBody = {
        type: "approved",
        by: actor.userId,
        reason,
        digest: run.digest,
        given,
        needed: run.plan.approvalsNeeded,
      };
      if (given < run.plan.approvalsNeeded) await appendEvents(client, run.id, [approved]);
      else await move(client, run, "approved", null, [approved]);
    });
  }
}

/** Requested runs whose time is over become `expired`; returns their ids. */
export async function expireRequests(database: Database, runIds: readonly string[]): Promise<string[]> {
  const expired: string[] = [];
  for (const runId of runIds) {
    await inTransaction(database, async (client) => {
      const run = await lockRun(client, runId);
      if (run?.state !== "requested" || Date.parse(run.expiresAt) > Date.now()) return;
      await move(client, run, "expired", "Nobody approved it in time.", [{ type: "expired" }]);
      expired.push(runId);
    });
  }
  return expired;
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

function requirePending(run: StoredRun): void {
  if (run.state === "requested" && Date.parse(run.expiresAt) > Date.now()) return;
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

function alreadyEnded(run: StoredRun): AftershockError {
  return new AftershockError("not_pending", `${run.id} has ended: ${run.state}.`, `See: /chaos findings ${run.id}`);
}

export function targetBusy(targetKey: string, busyRun: string): AftershockError {
  return new AftershockError(
    "target_busy",
    `${busyRun} is active on ${targetKey}, and two runs on one target would explain nothing.`,
    `Wait for it, or stop it: /chaos abort ${busyRun}`,
  );
}

/** Throws AftershockError `not_allowed` unless it is allowed. */
export function enforce(authorisation: Authorisation): void {
  if (!authorisation.allowed) throw new AftershockError("not_allowed", authorisation.message, authorisation.hint);
}
