import type { Authoriser } from "../approvals/authoriser.ts";
import { hasUnknown, noFacts } from "../approvals/people.ts";
import type { Cluster } from "../cluster/port.ts";
import { AftershockError, isAftershockError } from "../errors.ts";
import type { Experiment } from "../experiment/schema.ts";
import type { SystemSession } from "../probes/system.ts";
import { otherPrimary } from "../store/blast-radius.ts";
import { standingApprovals } from "../store/decisions.ts";
import type { Database, Queryable } from "../store/database.ts";
import type { StoredRun } from "../store/runs.ts";
import { sameTargets } from "./fault-manifest.ts";
import { faultPossible, runStates } from "./lifecycle.ts";
import { planDigest, type Plan, type PlannedFault } from "./plan.ts";
import { planAgain, resolveFaultsNow } from "./planner.ts";
import { shapeDigest } from "./schedules/approval-scope.ts";
import { hitsPrimary, primaryHitBy, subjectOf } from "./subject.ts";
import type { Registry } from "./systems.ts";
import { pause } from "./wait.ts";

/**
 * Whether the approval of a run still holds: before it starts, before its baseline, and in the very transaction that
 * stores its intents. An approval that does not is void, with an AftershockError `approval_void` that says why; nothing
 * was injected then. The approvals are counted again by the policy as it is at the start, since whoever left, or lost the
 * right to approve, would not be asked now; a freeze that has begun since counts, too.
 */

/** How often, and how far apart, Slack is asked at the start before no answer counts as no. */
const slackPatience = { times: 5, everyMs: 2000 };

const faultStates = runStates.filter(faultPossible);

/** At the start: the plan is the one that was approved, by people who count now. */
export async function requireApproved(
  { database, authoriser }: { database: Database; authoriser: Authoriser },
  run: StoredRun,
  signal: AbortSignal,
  patience = slackPatience,
): Promise<void> {
  if (planDigest(run.plan) !== run.digest) throw approvalVoid(run, "The stored plan is not the one of that digest.");
  const subject = subjectOf(run);
  for (let time = 1; ; time += 1) {
    const approvals = await standingApprovals(database, run.id);
    const asked = { act: "start", subject, approvals, primaryHitBy: await hitBy(database, run) } as const;
    const facts = await authoriser.facts(asked);
    if (hasUnknown(facts) && time < patience.times) {
      await pause(patience.everyMs, signal);
      signal.throwIfAborted();
      continue;
    }
    const answer = authoriser.judge(asked, facts);
    if (answer.allowed) return;
    throw approvalVoid(run, answer.message);
  }
}

/** Before the baseline: planned now, it would be the same plan. */
export async function requireSamePlan(registry: Registry, { run, experiment, ...tools }: Planned): Promise<void> {
  let now: Plan;
  try {
    now = await planAgain(registry, experiment, run.plan, tools);
  } catch (error) {
    // A parameter that the experiment no longer takes; a target that is not there any more says so itself.
    if (isAftershockError(error) && error.code === "bad_parameter") throw approvalVoid(run, error.message);
    throw error;
  }
  requireSame(run, now.faults);
  if (shapeDigest(now) !== shapeDigest(run.plan)) {
    throw approvalVoid(run, `The experiment ${run.experiment} has changed since it was approved.`);
  }
}

/** Just before the injection: the targets are still those of the plan. */
export async function requireSameTargets({ run, experiment, session, cluster, signal }: Planned): Promise<void> {
  requireSame(run, await resolveFaultsNow(experiment, run.plan, session, { cluster, signal }));
}

/** In the transaction that stores the intents: nothing is frozen, and no other run hits a primary. */
export async function requireInjectable(client: Queryable, authoriser: Authoriser, run: StoredRun): Promise<void> {
  const hit = await primaryHitBy(client, run, faultStates);
  const answer = authoriser.judge({ act: "inject", subject: subjectOf(run), primaryHitBy: hit }, noFacts);
  if (!answer.allowed) throw approvalVoid(run, answer.message);
}

interface Planned {
  run: StoredRun;
  experiment: Experiment;
  session: SystemSession;
  cluster: Cluster;
  signal: AbortSignal;
}

function requireSame(run: StoredRun, now: readonly PlannedFault[]): void {
  if (sameTargets(now, run.plan.faults)) return;
  const pods = (faults: readonly PlannedFault[]): string =>
    faults.map((fault) => [...fault.subject, ...Object.values(fault.resolved ?? {})].join(" ")).join(", ");
  throw approvalVoid(run, `It was for ${pods(run.plan.faults)}, but the target is ${pods(now)} now.`);
}

async function hitBy(database: Database, run: StoredRun): Promise<string | null> {
  if (!hitsPrimary(run.plan)) return null;
  return otherPrimary(database, { cluster: run.plan.cluster, exceptRunId: run.id, states: faultStates });
}

function approvalVoid(run: StoredRun, reason: string): AftershockError {
  return new AftershockError(
    "approval_void",
    reason,
    `Ask again, with the targets of now: /chaos run ${run.experiment}`,
  );
}
