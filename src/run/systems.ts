import type { Cluster } from "../cluster/port.ts";
import { AftershockError } from "../errors.ts";
import { parseDurationMs } from "../experiment/duration.ts";
import { nearest } from "../experiment/nearest.ts";
import type { Experiment, ParameterValue } from "../experiment/schema.ts";
import type { ClusterWatching } from "./watching/watches.ts";
import type { SystemAdapter, SystemContext } from "../probes/system.ts";
import { everythingAllowed, type Allowed } from "./where-allowed.ts";

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
}

/** Makes a Registry from what was loaded. Its look-ups throw AftershockError with the known names. */
export function createRegistry(parts: {
  experiments: readonly Experiment[];
  clusters: readonly Cluster[];
  systems: readonly SystemAdapter[];
  protectedNamespaces?: readonly string[];
  allowed?: Allowed;
  watching?: (cluster: string) => ClusterWatching | null;
}): Registry {
  const clusterNames = parts.clusters.map((cluster) => cluster.name);
  return {
    experiments: parts.experiments,
    clusterNames,
    protectedNamespaces: parts.protectedNamespaces ?? [],
    allowed: parts.allowed ?? everythingAllowed,
    watching: parts.watching ?? (() => null),
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

/** What an adapter gets to know and do in one run (or one planning). */
export function systemContext(options: {
  cluster: Cluster;
  namespace: string;
  parameters: Readonly<Record<string, ParameterValue>>;
  runId: string;
  signal: AbortSignal;
  log: SystemContext["log"];
}): SystemContext {
  const { cluster, namespace, signal } = options;
  return {
    namespace,
    parameters: options.parameters,
    runId: options.runId,
    signal,
    log: options.log,
    pods: (labelSelector) => cluster.pods(namespace, signal, labelSelector),
    podsIn: (other, labelSelector) => cluster.pods(other, signal, labelSelector),
    execStream: (target, command, { signal: own, ...options }) =>
      cluster.exec({ namespace, ...target }, command, {
        ...options,
        signal: own === undefined ? signal : AbortSignal.any([signal, own]),
      }),
    placement: cluster.placement(signal),
    exec: (pod, command, timeoutMs, where = {}) =>
      cluster.exec({ namespace, pod, ...where }, command, { timeoutMs, signal }),
  };
}

/** A duration parameter in milliseconds; every experiment is checked at loading to have those the run needs. */
export function durationParameterMs(parameters: Readonly<Record<string, ParameterValue>>, name: string): number {
  return parseDurationMs(String(parameters[name]));
}
