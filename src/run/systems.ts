import type { Cluster, PodWay, WayOptions } from "../cluster/port.ts";
import { AftershockError } from "../errors.ts";
import { parseDurationMs } from "../experiment/duration.ts";
import { nearest } from "../experiment/nearest.ts";
import type { Experiment, ParameterValue } from "../experiment/schema.ts";
import type { ClusterWatching } from "./watching/watches.ts";
import type { SystemAdapter, SystemContext, SystemSession } from "../probes/system.ts";
import { plainAccess, type SystemAccess } from "../probes/access.ts";
import type { Target } from "../targets/target.ts";
import { chooseTarget, noTarget, targetParameter } from "../targets/choose.ts";
import type { Plan } from "./plan.ts";
import { everythingAllowed, type Allowed } from "./where-allowed.ts";
import { joinSignals } from "../join-signals.ts";

/** Finds by name what a run refers to; made once in the composition root. */
export interface Registry {
  experiments: readonly Experiment[];
  cluster(name: string): Cluster;
  clusterNames: readonly string[];
  /** No run may touch these, besides a cluster's own (fault-reach.ts). */
  protectedNamespaces?: readonly string[];
  /** What the configuration allows. */
  allowed: Allowed;
  system(name: string): SystemAdapter;
  /** What watches every run on a cluster; null where nothing is configured. */
  watching(cluster: string): ClusterWatching | null;
  /** The systems that the configuration describes on a cluster. */
  targets(cluster: string): readonly Target[];
  /** Plain data without the secrets that were read of targets; for everything that is stored, said or thrown on. */
  hide<T>(value: T): T;
  /**
   * How the servers of a target are spoken to, and by which way; null: of a system of which nothing is configured. The
   * way is null on a rig of servers without a cluster.
   */
  access(cluster: Cluster, target: Target | null, tools: WayOptions): { access: SystemAccess; way: PodWay | null };
}

/** Makes a Registry from what was loaded. Its look-ups throw AftershockError with the known names. */
export function createRegistry(parts: {
  experiments: readonly Experiment[];
  clusters: readonly Cluster[];
  systems: readonly SystemAdapter[];
  protectedNamespaces?: readonly string[];
  allowed?: Allowed;
  watching?: (cluster: string) => ClusterWatching | null;
  targets?: Pick<Registry, "targets" | "access" | "hide">;
}): Registry {
  const clusterNames = parts.clusters.map((cluster) => cluster.name);
  return {
    experiments: parts.experiments,
    clusterNames,
    protectedNamespaces: parts.protectedNamespaces ?? [],
    allowed: parts.allowed ?? everythingAllowed,
    watching: parts.watching ?? (() => null),
    ...(parts.targets ?? {
      targets: () => [],
      access: () => ({ access: plainAccess, way: null }),
      hide: (value) => value,
    }),
    cluster: (name) => {
      const found = parts.clusters.find((cluster) => cluster.name === name);
      if (found !== undefined) return found;
      const close = nearest(name, clusterNames);
      throw new AftershockError(
        "unknown_cluster",
        `There is no cluster "${name}".`,
        `${close === undefined ? "" : `Did you mean cluster=${close}? `}Known clusters: ${clusterNames.join(", ")}. Clusters are listed in the configuration file.`,
      );
    },
    system: (name) => {
      const found = parts.systems.find((system) => system.name === name);
      if (found !== undefined) return found;
      throw new AftershockError(
        "bad_experiment",
        `No probes exist for the system "${name}".`,
        `Known systems: ${parts.systems.map((system) => system.name).join(", ")}.`,
      );
    },
  };
}

/** The target that a plan names; null: none. Throws AftershockError `bad_parameter` for one that is no longer configured. */
export function plannedTarget(
  registry: Registry,
  { cluster, system, parameters }: { cluster: string; system: string; parameters: Plan["parameters"] },
): Target | null {
  const target = String(parameters[targetParameter] ?? noTarget);
  return chooseTarget(registry.targets(cluster), { cluster, system, target, namespace: undefined });
}

/** A system that is open, with the way to its pods, which ends with it. */
export interface PlannedSession extends SystemSession {
  /** Null on a rig of servers without a cluster. */
  way: PodWay | null;
}

/** The same where there may be no way to tell of, as in tests. */
export type OpenSession = SystemSession & Partial<Pick<PlannedSession, "way">>;

/** Opens the system of a plan, with what the configuration says of its target. Closing the session ends the way to it. */
export async function openPlanned(
  registry: Registry,
  plan: Pick<Plan, "cluster" | "system" | "namespace" | "parameters">,
  tools: { runId: string; signal: AbortSignal; log: SystemContext["log"] },
): Promise<PlannedSession> {
  const cluster = registry.cluster(plan.cluster);
  const ended = new AbortController();
  const signal = joinSignals(tools.signal, ended.signal);
  const { access, way } = registry.access(cluster, plannedTarget(registry, plan), { signal, log: tools.log });
  const { namespace, parameters } = plan;
  try {
    const context = systemContext({ cluster, access, namespace, parameters, ...tools });
    const session = await registry.system(plan.system).open(context);
    const close = async (): Promise<void> => {
      try {
        await session.close();
      } finally {
        ended.abort();
      }
    };
    return { ...session, close, way };
  } catch (error) {
    ended.abort();
    throw error;
  }
}

/** What an adapter gets to know and do in one run (or one planning). */
export function systemContext(options: {
  cluster: Cluster;
  access: SystemAccess;
  namespace: string;
  parameters: Readonly<Record<string, ParameterValue>>;
  runId: string;
  signal: AbortSignal;
  log: SystemContext["log"];
}): SystemContext {
  const { cluster, namespace, signal } = options;
  return {
    namespace,
    access: options.access,
    parameters: options.parameters,
    runId: options.runId,
    signal,
    log: options.log,
    pods: (labelSelector) => cluster.pods(namespace, signal, labelSelector),
    podsIn: (other, labelSelector) => cluster.pods(other, signal, labelSelector),
    execStream: (target, command, { signal: own, ...options }) =>
      cluster.exec({ namespace, ...target }, command, {
        ...options,
        signal: own === undefined ? signal : joinSignals(signal, own),
      }),
    placement: cluster.placement(signal),
    annotationsOf: (kind, name, timeoutMs) => cluster.annotationsOf({ kind, namespace, name }, timeoutMs, signal),
    exec: (pod, command, timeoutMs, where = {}) =>
      cluster.exec({ namespace, pod, ...where }, command, { timeoutMs, signal }),
  };
}

/** A duration parameter in milliseconds; every experiment is checked at loading to have those the run needs. */
export function durationParameterMs(parameters: Readonly<Record<string, ParameterValue>>, name: string): number {
  return parseDurationMs(String(parameters[name]));
}
