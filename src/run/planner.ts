import type { Cluster } from "../cluster/port.ts";
import { AftershockError, isAftershockError } from "../errors.ts";
import { insertable } from "../experiment/insert-parameters.ts";
import { resolveParameters, hasProfile } from "../experiment/parameters.ts";
import type { Experiment } from "../experiment/schema.ts";
import type { SystemSession } from "../probes/system.ts";
import { chooseTarget, noTarget, targetParameter } from "../targets/choose.ts";
import { emptyGroup, type Groups } from "./empty-group.ts";
import { planFault } from "./fault-manifest.ts";
import { refuseEveryHolder, refuseNamespace, refuseSecondIoFault } from "./fault-reach.ts";
import { faultKindOf } from "./faults/table.ts";
import { planDigest, type Plan, type PlannedFault } from "./plan.ts";
import { watchesOf, type ClusterWatching } from "./watching/watches.ts";
import { durationParameterMs, openPlanned, type OpenSession, type Registry } from "./systems.ts";
import { refuseOutside } from "./where-allowed.ts";

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
 * Throws AftershockError for bad parameters, what the configuration does not allow, a namespace that no run may touch, an unreachable system, a missing target,
 * or a fault that would reach too far.
 */
export async function makePlan(registry: Registry, input: PlanInput): Promise<{ plan: Plan; digest: string }> {
  try {
    return await planNow(registry, input);
  } catch (error) {
    throw withoutSecrets(registry, error);
  }
}

async function planNow(registry: Registry, input: PlanInput): Promise<{ plan: Plan; digest: string }> {
  const { experiment } = input;
  const fallback =
    input.defaultProfile !== undefined && hasProfile(experiment, input.defaultProfile)
      ? input.defaultProfile
      : undefined;
  const parameters = resolveWithTarget(registry, input, input.profile ?? fallback);
  const namespace = String(parameters["namespace"] ?? "default");
  refuseNamespace(namespace, registry.protectedNamespaces);
  const cluster = registry.cluster(input.cluster);
  refuseOutside(registry.allowed, { experiment, cluster: input.cluster, parameters });
  const adapter = registry.system(experiment.system);
  const signal = AbortSignal.timeout(planTimeoutMs);
  const planned = { cluster: input.cluster, system: experiment.system, namespace, parameters };
  const session = await openPlanned(registry, planned, { runId: "plan", signal, log: () => undefined });
  try {
    const plan = await planWith({
      input,
      parameters,
      cluster,
      occupies: adapter.occupies ?? adapter.name,
      session,
      signal,
      watching: registry.watching(input.cluster),
    });
    return { plan, digest: planDigest(plan) };
  } finally {
    await session.close();
  }
}

/** What a driver says of a target may quote its password. What is no AftershockError goes to the log alone, which hides by itself. */
function withoutSecrets({ hide }: Registry, error: unknown): unknown {
  if (!isAftershockError(error)) return error;
  return new AftershockError(error.code, hide(error.message), hide(error.hint), { cause: error.cause });
}

/** The parameters with the target that they mean: its values stand where nothing was typed and no profile says otherwise. */
export function resolveWithTarget(
  registry: Pick<Registry, "targets">,
  { experiment, typed, cluster }: Pick<PlanInput, "experiment" | "typed" | "cluster">,
  profile: string | undefined,
): Plan["parameters"] {
  const asked = resolveParameters(experiment, typed, profile);
  if (asked[targetParameter] === undefined) return asked;
  const namespace = typed["namespace"] ?? experiment.profiles[profile ?? ""]?.["namespace"];
  const target = chooseTarget(registry.targets(cluster), {
    cluster,
    system: experiment.system,
    target: String(asked[targetParameter]),
    namespace: namespace === undefined ? undefined : String(namespace),
  });
  const own = target === null ? {} : { ...target.parameters, namespace: target.namespace };
  return { ...resolveParameters(experiment, typed, profile, own), [targetParameter]: target?.name ?? noTarget };
}

/** The plan as it would be made now, with an open session; to compare with what was approved. */
export async function planAgain(
  registry: Registry,
  experiment: Experiment,
  plan: Plan,
  tools: { session: OpenSession; cluster: Cluster; signal: AbortSignal },
): Promise<Plan> {
  // What was approved may have been taken out of the configuration since.
  const { cluster, parameters } = plan;
  refuseOutside(registry.allowed, { experiment, cluster, parameters });
  const typed = Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, String(value)]));
  const adapter = registry.system(experiment.system);
  return planWith({
    input: { experiment, typed, cluster: plan.cluster, approvalsNeeded: plan.approvalsNeeded },
    parameters: resolveParameters(experiment, typed, undefined),
    occupies: adapter.occupies ?? adapter.name,
    watching: registry.watching(plan.cluster),
    ...tools,
  });
}

async function planWith(parts: {
  input: PlanInput;
  parameters: Plan["parameters"];
  cluster: Cluster;
  /** The system whose pods it stands on. */
  occupies: string;
  session: OpenSession;
  signal: AbortSignal;
  watching: ClusterWatching | null;
}): Promise<Plan> {
  const { input, parameters, cluster, session, signal } = parts;
  const { experiment } = input;
  const namespace = String(parameters["namespace"] ?? "default");
  const watches = watchesOf(experiment, parameters, input.cluster, parts.watching);
  const topology = await session.topology();
  requireKnownLeader(experiment, topology, namespace);
  const durationMs = durationParameterMs(parameters, "duration");
  const faults = await planFaults({
    experiment,
    parameters,
    topology,
    namespace,
    durationMs,
    cluster,
    signal,
  });
  return {
    experiment: experiment.name,
    title: experiment.title,
    hypothesis: experiment.hypothesis,
    system: experiment.system,
    cluster: input.cluster,
    namespace,
    targetKey: `${input.cluster}/${namespace}/${parts.occupies}`,
    risk: experiment.risk,
    parameters,
    topology: topology.summary,
    guards: experiment.guards,
    faults,
    probes: experiment.probes,
    phases: {
      baselineMs: durationParameterMs(parameters, "baseline"),
      durationMs,
      recoveryMs: durationParameterMs(parameters, "recovery"),
    },
    approvalsNeeded: input.approvalsNeeded,
    primaries: primariesIn(faults, topology.groups),
    ...(session.way?.kind() === "port-forward" ? { wayIn: "port-forward" as const } : {}),
    ...(watches.length === 0 ? {} : { watches }),
  };
}

/** What systems call the one that takes the writes. */
const leadingGroups = ["primary", "master", "leader"];

/** Throws AftershockError when pods are to be hit and it is not known who leads: it may be one of them. */
function requireKnownLeader({ faults }: Experiment, topology: Groups, namespace: string): void {
  const unknown = leadingGroups.find((group) => topology.groups[group]?.length === 0);
  if (unknown === undefined || faults.every(({ kind }) => faultKindOf(kind).servesExercise === true)) return;
  throw emptyGroup("The plan", unknown, topology, namespace);
}

/** Pods that lead and are hit, by a fault on them or by being cut off from what is hit. */
function primariesIn(faults: readonly PlannedFault[], groups: Groups["groups"]): string[] {
  const leading = new Set(leadingGroups.flatMap((group) => groups[group] ?? []));
  const hit = faults
    .filter(({ kind }) => faultKindOf(kind).servesExercise !== true)
    .flatMap(({ subject, target }) => [...subject, ...target]);
  return [...new Set(hit)].filter((pod) => leading.has(pod)).toSorted();
}

/** The plan's faults as they would be now, to compare with what was approved. */
export async function resolveFaultsNow(
  experiment: Experiment,
  plan: Plan,
  session: SystemSession,
  tools: { cluster: Cluster; signal: AbortSignal },
): Promise<PlannedFault[]> {
  const topology = await session.topology();
  const { parameters, namespace, phases } = plan;
  return planFaults({ experiment, parameters, topology, namespace, durationMs: phases.durationMs, ...tools });
}

async function planFaults(input: {
  experiment: Experiment;
  parameters: Plan["parameters"];
  topology: Groups;
  namespace: string;
  durationMs: number;
  cluster: Cluster;
  signal: AbortSignal;
}): Promise<PlannedFault[]> {
  const { experiment, namespace } = input;
  const inserts = insertable(experiment, input.parameters);
  const faults = await Promise.all(
    experiment.faults.map(async (definition) => {
      const planned = planFault(definition, input.topology, namespace, input.durationMs, inserts);
      const { cluster, signal } = input;
      const resolved = await faultKindOf(planned.kind).resolve?.(planned, { cluster, signal, namespace });
      return resolved === undefined ? planned : { ...planned, resolved };
    }),
  );
  refuseSecondIoFault(faults);
  const { groups, holders = [...new Set(Object.values(groups).flat())] } = input.topology;
  refuseEveryHolder(faults, holders);
  return faults;
}
