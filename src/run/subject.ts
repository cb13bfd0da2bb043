import type { Risk, Subject } from "../approvals/policy.ts";
import { lockBlastRadius, otherPrimary } from "../store/blast-radius.ts";
import type { Queryable } from "../store/database.ts";
import type { RunState } from "./lifecycle.ts";
import type { Plan } from "./plan.ts";

/** A run, or a schedule, as the policy sees it. */
export function subjectOf(asked: {
  id: string | null;
  requestedBy: string | null;
  plan: Plan;
  digest: string;
}): Subject {
  const { experiment, system, cluster, risk, namespace, phases } = asked.plan;
  return {
    id: asked.id,
    requestedBy: asked.requestedBy,
    experiment,
    system,
    cluster,
    risk,
    plan: { namespace, durationMs: phases.durationMs, digest: asked.digest },
  };
}

/** What is asked for, before it is planned. */
export function unplanned(
  experiment: { name: string; system: string; risk: Risk },
  cluster: string,
  requestedBy: string | null,
): Subject {
  const { name, system, risk } = experiment;
  return { id: null, requestedBy, experiment: name, system, cluster, risk, plan: null };
}

/** True for a plan that hits a primary; one from before primaries were noted does with any fault. */
export function hitsPrimary(plan: Plan): boolean {
  return (plan.primaries ?? plan.faults).length > 0;
}

/**
 * The other run that hits a primary on the same cluster, if this plan does too; null otherwise. With the cluster's lock,
 * so that of two that ask at once the second sees the first.
 */
export async function primaryHitBy(
  client: Queryable,
  run: { id: string | null; plan: Plan },
  states: readonly RunState[],
): Promise<string | null> {
  if (!hitsPrimary(run.plan)) return null;
  await lockBlastRadius(client, run.plan.cluster);
  return otherPrimary(client, { cluster: run.plan.cluster, exceptRunId: run.id, states });
}
