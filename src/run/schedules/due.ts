import { AftershockError, isAftershockError, messageOf } from "../../errors.ts";
import { insertDecision } from "../../store/decisions.ts";
import { inTransaction, violates, type Database, type Queryable } from "../../store/database.ts";
import { appendEvents } from "../../store/events.ts";
import { findRun, insertRun, occupant } from "../../store/runs.ts";
import { appendScheduleEvents } from "../../store/schedule-events.ts";
import { finishStart, lockSchedule } from "../../store/schedules.ts";
import { move, targetBusy } from "../create-service.ts";
import { refuseUnprovenTarget } from "../alarms/create-service.ts";
import type { RunEventBody } from "../events.ts";
import type { Plan } from "../plan.ts";
import { makePlan } from "../planner.ts";
import type { Registry } from "../systems.ts";
import { shapeDigest } from "./approval-scope.ts";
import { claim, end, isApprovalOver, isOver, overReason, type Claim } from "./claim.ts";
import type { Schedule } from "./schedule.ts";

export interface DueDeps {
  database: Database;
  registry: Registry;
  /** How many must approve, who may, and how long a request waits. */
  approvals: { required: number; approvers: readonly string[]; expiresAfterMs: number };
  defaultProfile?: string;
  /** Wakes a worker for a run that was started. May fail: the reconciler of runs finds it. */
  wake: (runId: string) => Promise<void>;
  now: () => Date;
  log: (message: string, detail?: Record<string, unknown>) => void;
}

interface Planned {
  plan: Plan;
  digest: string;
}

/**
 * A schedule may be due: does what its row says. Safe to call at any time, any number of times, from any worker: the
 * due time is taken by compare-and-set, and the run and the end of its start are one transaction under a fence.
 */
export async function handleDue(deps: DueDeps, id: string): Promise<void> {
  const claimed = await claim(deps, id);
  if (claimed === null) return;
  try {
    const runId = await start(deps, claimed, await planNow(deps, claimed.schedule));
    if (runId === null) return;
    await deps.wake(runId).catch((error: unknown) => deps.log("wake-up failed", { runId, error: messageOf(error) }));
  } catch (error) {
    if (!isAftershockError(error)) deps.log("scheduled start failed", { schedule: id, error: messageOf(error) });
    await sayWhyNot(deps, claimed, error);
  }
}

async function planNow(deps: DueDeps, schedule: Schedule): Promise<Planned> {
  const experiment = deps.registry.experiments.find(({ name }) => name === schedule.experiment);
  if (experiment === undefined) {
    throw new AftershockError(
      "unknown_experiment",
      `The experiment ${schedule.experiment} is no longer in the catalogue.`,
      `Bring it back, or end the schedule: /chaos unschedule ${schedule.id}`,
    );
  }
  const planned = await makePlan(deps.registry, {
    experiment,
    typed: schedule.parameters,
    cluster: schedule.cluster,
    approvalsNeeded: deps.approvals.required,
    ...(schedule.profile === null ? {} : { profile: schedule.profile }),
    ...(deps.defaultProfile === undefined ? {} : { defaultProfile: deps.defaultProfile }),
  });
  const busy = await occupant(deps.database, planned.plan.targetKey);
  if (busy !== null) throw targetBusy(planned.plan.targetKey, busy);
  await refuseUnprovenTarget(deps.database, planned.plan.targetKey);
  return planned;
}

/** Inserts the run, approved or asked for. Null: cancelled meanwhile, taken by another worker, or ended here. */
async function start(
  deps: DueDeps,
  { schedule: claimed, dueAt, fence }: Claim,
  planned: Planned,
): Promise<string | null> {
  const work = inTransaction(deps.database, async (client) => {
    const schedule = await lockSchedule(client, claimed.id);
    if (schedule?.state !== "active" || schedule.claimFence !== fence || schedule.startingAt === null) return null;
    const reason = whyOver(deps, schedule, planned.plan);
    if (reason !== null) {
      await end(client, schedule, reason);
      return null;
    }
    const runId = await insertScheduledRun(client, deps, schedule, planned);
    if (!(await finishStart(client, { id: schedule.id, fence, runId }))) {
      throw new Error(`${schedule.id} changed under its own lock`);
    }
    const number = schedule.runsUsed + 1;
    const lateMs = Math.max(0, deps.now().getTime() - dueAt.getTime());
    const due = { run: runId, dueAt: dueAt.toISOString(), lateMs, number, of: schedule.runsAllowed };
    await appendScheduleEvents(client, schedule.id, [{ type: "due", ...due }]);
    const after: Schedule = { ...schedule, runsUsed: number };
    if (isOver(after, deps.now())) await end(client, after, overReason(after));
    return runId;
  });
  return work.catch((error: unknown) => {
    if (violates(error, "one_active_run_per_target")) throw targetBusy(planned.plan.targetKey, "another run");
    throw error;
  });
}

/** Why the approval does not cover this start, or null. */
function whyOver(deps: DueDeps, schedule: Schedule, plan: Plan): string | null {
  if (isApprovalOver(schedule, deps.now())) return overReason(schedule);
  if (shapeDigest(plan) !== schedule.shapeDigest) {
    return "The experiment, its defaults or the rules of approval have changed since it was approved.";
  }
  const gone = schedule.approvedBy.filter((user) => !deps.approvals.approvers.includes(user));
  return gone.length === 0 ? null : "Who approved it is no longer an approver.";
}

async function insertScheduledRun(
  client: Queryable,
  { approvals }: DueDeps,
  schedule: Schedule,
  { plan, digest }: Planned,
): Promise<string> {
  const by = schedule.requestedBy;
  const { id, expiresAt } = await insertRun(client, {
    plan,
    digest,
    requestedBy: by,
    teamId: schedule.teamId,
    channelId: schedule.channelId,
    expiresAfterMs: approvals.expiresAfterMs,
  });
  const requested: RunEventBody = {
    type: "requested",
    by,
    plan,
    digest,
    expiresAt,
    schedule: { id: schedule.id, kind: schedule.kind },
  };
  if (schedule.kind === "asks") {
    await appendEvents(client, id, [requested]);
    return id;
  }
  const number = schedule.runsUsed + 1;
  const reason = `run ${number} of ${schedule.runsAllowed} of ${schedule.id}`;
  for (const userId of schedule.approvedBy) {
    await insertDecision(client, id, { userId, decision: "approved", reason, digest });
  }
  const run = await findRun(client, id);
  if (run === null) throw new Error(`${id} is not there after its insertion`);
  const needed = plan.approvalsNeeded;
  const approved = schedule.approvedBy.map((user, at): RunEventBody => {
    return { type: "approved", by: user, reason, digest, given: at + 1, needed, schedule: schedule.id };
  });
  await move(client, run, "approved", null, [requested, ...approved]);
  return id;
}

/** Says once why a due time starts nothing, unless another worker has it by now or it was cancelled. */
async function sayWhyNot(deps: DueDeps, { schedule, dueAt, fence }: Claim, error: unknown): Promise<void> {
  const shown = isAftershockError(error)
    ? { code: error.code, message: error.message, hint: error.hint }
    : {
        code: "unforeseen",
        message: "Something unforeseen went wrong; the worker's log has it.",
        hint: `Try it by hand: /chaos run ${schedule.experiment}`,
      };
  await inTransaction(deps.database, async (client) => {
    await lockSchedule(client, schedule.id);
    if (!(await finishStart(client, { id: schedule.id, fence, problem: shown.message }))) return;
    const said = { dueAt: dueAt.toISOString(), ...shown };
    await appendScheduleEvents(client, schedule.id, [{ type: "cannot-start", ...said }]);
  });
}
