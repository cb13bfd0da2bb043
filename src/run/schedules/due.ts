import type { Asked, Authoriser } from "../../approvals/authoriser.ts";
import { countApprovals } from "../../approvals/count.ts";
import { hasUnknown, nameAll, type Facts } from "../../approvals/people.ts";
import type { Subject } from "../../approvals/policy.ts";
import { AftershockError, isAftershockError, messageOf } from "../../errors.ts";
import { stillOpen } from "../../store/actions.ts";
import { insertDecision } from "../../store/decisions.ts";
import { inTransaction, violates, type Database, type Queryable } from "../../store/database.ts";
import { appendEvents } from "../../store/events.ts";
import { insertRun, occupant } from "../../store/runs.ts";
import { appendScheduleEvents } from "../../store/schedule-events.ts";
import { finishStart, lockSchedule } from "../../store/schedules.ts";
import { refuseUnprovenTarget } from "../alarms/create-service.ts";
import { targetBusy } from "../create-service.ts";
import { enforce, existingRun, move } from "../decide.ts";
import type { RunEventBody } from "../events.ts";
import { refuseEarlyWhenHalted, refuseWhenHalted } from "../halt/gate.ts";
import { occupyingStates } from "../lifecycle.ts";
import type { Plan } from "../plan.ts";
import { makePlan } from "../planner.ts";
import type { Registry } from "../systems.ts";
import { primaryHitBy, subjectOf, unplanned } from "../subject.ts";
import { approvalsNeededBy, approvalsOf, scheduleSubject, shapeDigest } from "./approval-scope.ts";
import { claim, end, isApprovalOver, isOver, overReason, type Claim } from "./claim.ts";
import type { Schedule } from "./schedule.ts";

export interface DueDeps {
  database: Database;
  registry: Registry;
  authoriser: Authoriser;
  defaultProfile?: string;
  /** Wakes a worker for a run that was started. May fail: the reconciler of runs finds it. */
  wake: (runId: string) => Promise<void>;
  now: () => Date;
  log: (message: string, detail?: Record<string, unknown>) => void;
}

interface Planned {
  plan: Plan;
  digest: string;
  /** Of those who approved the schedule. */
  facts: Facts;
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
  await refuseEarlyWhenHalted(deps.database);
  const experiment = deps.registry.experiments.find(({ name }) => name === schedule.experiment);
  if (experiment === undefined) {
    throw new AftershockError(
      "unknown_experiment",
      `The experiment ${schedule.experiment} is no longer in the catalogue.`,
      `Bring it back, or end the schedule: /chaos unschedule ${schedule.id}`,
    );
  }
  const early = unplanned(experiment, schedule.cluster, schedule.requestedBy);
  // A frozen time, or a requester who may no longer ask, is said before a live system is asked anything.
  await mayBeDue(deps, schedule, early);
  const needed = deps.authoriser.rule(early)?.required ?? 1;
  const planned = await makePlan(deps.registry, {
    experiment,
    typed: schedule.parameters,
    cluster: schedule.cluster,
    approvalsNeeded: needed,
    ...(schedule.profile === null ? {} : { profile: schedule.profile }),
    ...(deps.defaultProfile === undefined ? {} : { defaultProfile: deps.defaultProfile }),
  });
  const busy = await occupant(deps.database, planned.plan.targetKey);
  if (busy !== null) throw targetBusy(planned.plan.targetKey, busy);
  await refuseUnprovenTarget(deps.database, planned.plan.targetKey);
  const by = schedule.requestedBy;
  const facts = await mayBeDue(deps, schedule, subjectOf({ id: null, requestedBy: by, ...planned }));
  return { ...planned, facts };
}

function dueAsked(schedule: Schedule, subject: Subject): Asked {
  return { act: "due", actor: { userId: schedule.requestedBy, teamId: schedule.teamId }, subject };
}

/** Throws AftershockError `not_allowed` with why the policy lets nothing start now; the channel is told. */
async function mayBeDue({ authoriser }: DueDeps, schedule: Schedule, subject: Subject): Promise<Facts> {
  const asked = dueAsked(schedule, subject);
  const facts = await authoriser.facts(asked);
  enforce(authoriser.judge(asked, facts));
  const approvals = approvalsOf(schedule, authoriser.now());
  const approvers = await authoriser.facts({ act: "start", subject, approvals });
  // A schedule does not end because Slack did not answer; this time it starts nothing.
  if (!hasUnknown(approvers)) {
    return {
      people: { ...facts.people, ...approvers.people },
      groups: { ...facts.groups, ...approvers.groups },
    };
  }
  throw new AftershockError(
    "unavailable",
    "Slack could not say whether those who approved it still may, and nothing starts on a guess.",
    `Run it by hand once Slack answers: /chaos run ${schedule.experiment}`,
  );
}

/** Inserts the run, approved or asked for. Null: cancelled meanwhile, taken by another worker, or ended here. */
async function start(
  deps: DueDeps,
  { schedule: claimed, dueAt, fence }: Claim,
  planned: Planned,
): Promise<string | null> {
  const work = inTransaction(deps.database, async (client) => {
    await refuseWhenHalted(client);
    const schedule = await lockSchedule(client, claimed.id);
    if (schedule?.state !== "active" || schedule.claimFence !== fence || schedule.startingAt === null) return null;
    const reason = whyOver(deps, schedule, planned);
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
function whyOver(deps: DueDeps, schedule: Schedule, { plan, facts }: Planned): string | null {
  if (isApprovalOver(schedule, deps.now())) return overReason(schedule);
  const { authoriser } = deps;
  // How many must approve is counted below: a rule that holds at another time of day is no change of the plan.
  if (shapeDigest({ ...plan, approvalsNeeded: schedule.plan.approvalsNeeded }) !== schedule.shapeDigest) {
    return "The experiment or its defaults have changed since it was approved.";
  }
  const subject = scheduleSubject(schedule);
  const rule = authoriser.rule(subject);
  if (rule === null) return "No rule of the policy allows it any more.";
  const now = authoriser.now();
  const { counted, dropped } = countApprovals(rule, subject, approvalsOf(schedule, now), facts, now);
  const needed = approvalsNeededBy(schedule, rule);
  if (counted.length >= needed) return null;
  const lost = dropped.map(({ userId, why }) => `<@${userId}> ${why}`).join("; ");
  return `It needs ${needed} approvals now, and has ${counted.length}${lost === "" ? "" : `: ${lost}`}.`;
}

async function insertScheduledRun(
  client: Queryable,
  { authoriser }: DueDeps,
  schedule: Schedule,
  { plan, digest, facts }: Planned,
): Promise<string> {
  const by = schedule.requestedBy;
  const subject = subjectOf({ id: null, requestedBy: by, plan, digest });
  const hitBy = await primaryHitBy(client, { id: null, plan }, occupyingStates);
  enforce(authoriser.judge({ ...dueAsked(schedule, subject), primaryHitBy: hitBy }, facts));
  const rule = authoriser.rule(subject);
  if (rule === null) throw new Error(`${schedule.id} came due without a rule`);
  const { id, expiresAt } = await insertRun(client, {
    plan,
    digest,
    requestedBy: by,
    teamId: schedule.teamId,
    channelId: schedule.channelId,
    expiresAfterMs: rule.expiresAfterMs,
  });
  const requested: RunEventBody = {
    type: "requested",
    by,
    plan,
    digest,
    expiresAt,
    policy: { rule: rule.name, approvers: nameAll(rule.approvers, authoriser.policy, by) },
    schedule: { id: schedule.id, kind: schedule.kind },
    ...(await stillOpen(client, plan.experiment)),
  };
  if (schedule.kind === "asks") {
    // A rule that needs no approval is the approval.
    if (plan.approvalsNeeded > 0) await appendEvents(client, id, [requested]);
    else await move(client, await existingRun(client, id), "approved", null, [requested]);
    return id;
  }
  const number = schedule.runsUsed + 1;
  const reason = `run ${number} of ${schedule.runsAllowed} of ${schedule.id}`;
  for (const userId of schedule.approvedBy) {
    await insertDecision(client, id, { userId, decision: "approved", reason, digest });
  }
  const run = await existingRun(client, id);
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
