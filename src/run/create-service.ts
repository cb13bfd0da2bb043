import type { Authoriser } from "../approvals/authoriser.ts";
import { nameAll, noFacts } from "../approvals/people.ts";
import { AftershockError } from "../errors.ts";
import { nearest } from "../experiment/nearest.ts";
import { rangeText } from "../experiment/parameters.ts";
import type { Experiment } from "../experiment/schema.ts";
import { stillOpen } from "../store/actions.ts";
import { findArtifact } from "../store/artifacts.ts";
import { inTransaction, violates, type Database, type Queryable } from "../store/database.ts";
import { appendEvents, eventsAfter } from "../store/events.ts";
import { linkItemRun } from "../store/game-days.ts";
import { insertRun, lockRun, occupant, openRuns, recentRuns, requestAbort, type StoredRun } from "../store/runs.ts";
import { isPastExpiry } from "../store/request-expiry.ts";
import { refuseUnprovenTarget } from "./alarms/create-service.ts";
import { createDecisions, enforce, existingRun, move, normaliseRunId } from "./decide.ts";
import type { RunEventBody } from "./events.ts";
import { explainer } from "./explain.ts";
import { isTerminal, occupyingStates } from "./lifecycle.ts";
import { refuseEarlyWhenHalted, refuseWhenHalted } from "./halt/gate.ts";
import { fewAtOnce } from "./few-at-once.ts";
import { makePlan } from "./planner.ts";
import { noteOf } from "./note.ts";
import type { RunRequest, RunService } from "./service.ts";
import { primaryHitBy, subjectOf, unplanned } from "./subject.ts";
import type { Registry } from "./systems.ts";
import { isEnabled } from "./where-allowed.ts";

export interface ServiceOptions {
  database: Database;
  registry: Registry;
  authoriser: Authoriser;
  defaultCluster: string;
  defaultProfile?: string;
  /** Wakes a worker for an approved run. May fail: the reconciler finds approved runs without it. */
  wake: (runId: string) => Promise<void>;
  log: (message: string, detail?: Record<string, unknown>) => void;
}

/**
 * Plans made at once on one cluster; one that does not answer holds up no other. Each asks every member of a system, and
 * waits 1.5 s for an answer: of 200 at once on a busy machine most were refused, since this process did not come to read
 * the answers in time (bench/scale.ts).
 */
const plansAtOnce = 16;

/** The RunService on PostgreSQL. Every decision is a compare-and-set; Slack only shows what came of it. */
export function createRunService(options: ServiceOptions): RunService {
  const { database, registry, authoriser } = options;
  const decisions = createDecisions({ database, authoriser });
  const planning = new Map(registry.clusterNames.map((name) => [name, fewAtOnce(plansAtOnce)]));

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

  const plan = async (request: RunRequest) => {
    const wanted = experiment(request.experiment);
    const cluster = request.cluster ?? options.defaultCluster;
    const make = () =>
      makePlan(registry, {
        experiment: wanted,
        typed: request.parameters,
        cluster,
        approvalsNeeded: authoriser.rule(unplanned(wanted, cluster, null))?.required ?? 1,
        ...(request.profile === undefined ? {} : { profile: request.profile }),
        ...(options.defaultProfile === undefined ? {} : { defaultProfile: options.defaultProfile }),
      });
    return planning.get(cluster)?.(make) ?? make();
  };

  /** Locks the run, lets `decide` write, and returns the run as it is afterwards. */
  const change = (runId: string, decide: (client: Queryable, run: StoredRun) => Promise<void>): Promise<StoredRun> =>
    inTransaction(database, async (client) => {
      const locked = await lockRun(client, normaliseRunId(runId));
      await decide(client, locked ?? (await existingRun(client, runId)));
      return existingRun(client, runId);
    });

  return {
    experiments: () => registry.experiments.filter(({ name }) => isEnabled(registry.allowed, name)),
    choices: () => ({
      clusters: registry.clusterNames,
      defaultCluster: options.defaultCluster,
      defaultProfile: options.defaultProfile ?? null,
    }),
    experiment,
    plan,
    request: async (actor, request, seen) => {
      await refuseEarlyWhenHalted(database);
      const cluster = request.cluster ?? options.defaultCluster;
      const early = unplanned(experiment(request.experiment), cluster, actor.userId);
      const facts = await authoriser.facts({ act: "request", actor, subject: early });
      // What is refused anyhow is refused before a live system is asked anything.
      enforce(authoriser.judge({ act: "request", actor, subject: early }, facts));
      const planned = await plan(request);
      if (seen !== undefined && planned.digest !== seen) throw planChanged(planned.plan.experiment);
      const subject = subjectOf({ id: null, requestedBy: actor.userId, ...planned });
      const busy = await occupant(database, planned.plan.targetKey);
      if (busy !== null) throw targetBusy(planned.plan.targetKey, busy);
      await refuseUnprovenTarget(database, planned.plan.targetKey);
      const run = await inTransaction(database, async (client) => {
        await refuseWhenHalted(client);
        const hitBy = await primaryHitBy(client, { id: null, plan: planned.plan }, occupyingStates);
        enforce(authoriser.judge({ act: "request", actor, subject, primaryHitBy: hitBy }, facts));
        const rule = authoriser.rule(subject);
        if (rule?.required !== planned.plan.approvalsNeeded) throw ruleChanged(planned.plan.experiment);
        const { id, expiresAt } = await insertRun(client, {
          ...planned,
          requestedBy: actor.userId,
          teamId: actor.teamId,
          channelId: actor.channelId,
          expiresAfterMs: rule.expiresAfterMs,
        });
        if (request.gameDay !== undefined) await linkToItem(client, id, request.gameDay);
        const approvers = nameAll(rule.approvers, authoriser.policy, actor.userId);
        const requested: RunEventBody = {
          type: "requested",
          by: actor.userId,
          ...planned,
          expiresAt,
          policy: { rule: rule.name, approvers },
          ...(await stillOpen(client, planned.plan.experiment)),
        };
        // A rule that needs no approval is the approval.
        if (planned.plan.approvalsNeeded > 0) await appendEvents(client, id, [requested]);
        else await move(client, await existingRun(client, id), "approved", null, [requested]);
        return existingRun(client, id);
      }).catch((error: unknown) => sayBusy(error, planned.plan.targetKey));
      await wakeIfApproved(run);
      return run;
    },
    approve: async (actor, runId, reason, seen) => {
      const run = await decisions
        .approve(actor, runId, { reason: reason ?? null, seen: seen ?? null })
        .catch(async (error: unknown) => sayBusy(error, (await existingRun(database, runId)).plan.targetKey));
      await wakeIfApproved(run);
      return run;
    },
    deny: (actor, runId, reason) => decisions.deny(actor, runId, reason ?? null),
    revoke: (actor, runId, reason) => decisions.revoke(actor, runId, reason ?? null),
    policy: () => authoriser.policy,
    explain: explainer({ ...options, experiment }),
    abort: (actor, runId, reason) =>
      change(runId, async (client, run) => {
        enforce(authoriser.judge({ act: "abort", actor }, noFacts));
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
    note: (actor, runId, text) =>
      change(runId, async (client, run) => {
        enforce(authoriser.judge({ act: "note", actor }, noFacts));
        await appendEvents(client, run.id, [await noteOf(client, run.id, actor.userId, text)]);
      }),
    find: async (channelId, runId) => {
      if (runId !== undefined) return existingRun(database, runId);
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

  async function wakeIfApproved(run: StoredRun): Promise<void> {
    if (run.state !== "approved") return;
    await options.wake(run.id).catch((error: unknown) => options.log("wake-up failed", { error: String(error) }));
  }

  /** The database refuses a second active run on a target; says which one is there. */
  async function sayBusy(error: unknown, targetKey: string): Promise<never> {
    if (!violates(error, "one_active_run_per_target")) throw error;
    throw targetBusy(targetKey, (await occupant(database, targetKey)) ?? "another run");
  }
}

export { enforce, move, normaliseRunId } from "./decide.ts";

/** In the run's own transaction: a game day that was paused meanwhile gets no run, and an item not a second one. */
async function linkToItem(client: Queryable, run: string, item: NonNullable<RunRequest["gameDay"]>): Promise<void> {
  if (await linkItemRun(client, { run, gameDay: item.id, item: item.item })) return;
  throw new AftershockError("not_pending", `${item.id} is not open any more.`, "Look at it: /chaos gameday status");
}

function planChanged(experiment: string): AftershockError {
  return new AftershockError(
    "plan_changed",
    "What would be done is not what you saw: the system or the values have changed since. Nothing was asked for.",
    `Look at it again: /chaos run ${experiment} --dry-run`,
  );
}

function ruleChanged(experiment: string): AftershockError {
  return new AftershockError(
    "not_allowed",
    "Another rule of the policy holds since a moment ago, so that the plan names the wrong number of approvals.",
    `Ask again: /chaos run ${experiment}`,
  );
}

/** Requested runs whose time is over become `expired`; returns their ids. */
export async function expireRequests(database: Database, runIds: readonly string[]): Promise<string[]> {
  const expired: string[] = [];
  for (const runId of runIds) {
    await inTransaction(database, async (client) => {
      const run = await lockRun(client, runId);
      if (run?.state !== "requested" || !(await isPastExpiry(client, runId))) return;
      await move(client, run, "expired", "Nobody approved it in time.", [{ type: "expired" }]);
      expired.push(runId);
    });
  }
  return expired;
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
