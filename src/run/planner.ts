import { resolveParameters, hasProfile } from "../experiment/parameters.ts";
import type { Experiment } from "../experiment/schema.ts";
import type { SystemSession } from "../probes/system.ts";
import { planFault } from "./fault-manifest.ts";
import { planDigest, type Plan, type PlannedFault } from "./plan.ts";
import { durationParameterMs, systemContext, type Registry } from "./systems.ts";

/** Planning talks to a live system, which the lab may have to start first; longer than this is an answer too. */
const planTimeoutMs = 40_000;

export interface PlanInput {
  experiment: Experiment;
  typed: Readonly<Record<string, string>>;
  cluster: string;
  /** Asked for by the requester; must exist. */
  profile?: string;
  /** The configuration's default; used where the experiment has it. */
  defaultProfile?: string;
  approvalsNeeded: number;
}

/**
 * Resolves parameters and targets now, and says what exactly would be done. Touches nothing but by reading.
 * Throws AftershockError for bad parameters, an unreachable system, or a missing target.
 */
export async function makePlan(registry: Registry, input: PlanInput): Promise<{ plan: Plan; digest: string }> {
  const { experiment } = input;
  const fallback =
    input.defaultProfile !== undefined && hasProfile(experiment, input.defaultProfile)
      ? input.defaultProfile
      : undefined;
  const parameters = resolveParameters(experiment, input.typed, input.profile ?? fallback);
  const namespace = String(parameters["namespace"] ?? "default");
  const cluster = registry.cluster(input.cluster);
  const session = await registry.system(experiment.system).open(
    systemContext({
      cluster,
      namespace,
      parameters,
      runId: "plan",
      signal: AbortSignal.timeout(planTimeoutMs),
      log: () => undefined,
    }),
  );
  try {
    const topology = await session.topology();
    const durationMs = durationParameterMs(parameters, "duration");
    const plan: Plan = {
      experiment: experiment.name,
      title: experiment.title,
      hypothesis: experiment.hypothesis,
      system: experiment.system,
      cluster: input.cluster,
      namespace,
      targetKey: `${input.cluster}/${namespace}/${experiment.system}`,
      risk: experiment.risk,
      parameters,
      topology: topology.summary,
      guards: experiment.guards,
      faults: experiment.faults.map((fault) => planFault(fault, topology.groups, namespace, durationMs)),
      probes: experiment.probes,
      phases: {
        baselineMs: durationParameterMs(parameters, "baseline"),
        durationMs,
        recoveryMs: durationParameterMs(parameters, "recovery"),
      },
      approvalsNeeded: input.approvalsNeeded,
    };
    return { plan, digest: planDigest(plan) };
  } finally {
    await session.close();
  }
}

/** The plan's faults as they would be now, to compare with what was approved. */
export async function resolveFaultsNow(
  experiment: Experiment,
  plan: Plan,
  session: SystemSession,
): Promise<PlannedFault[]> {
  const topology = await session.topology();
  return experiment.faults.map((fault) => planFault(fault, topology.groups, plan.namespace, plan.phases.durationMs));
}
