import type { Cluster, KubernetesObject } from "../../src/cluster/port.ts";
import { AftershockError } from "../../src/errors.ts";
import type { NodeView } from "../../src/probes/placement.ts";

export interface LatchCluster {
  cluster: Cluster;
  /** ConfigMaps by `namespace/name`. */
  configMaps: Map<string, { uid: string; data: Record<string, string> }>;
  /** Chaos objects by `kind/namespace/name`. */
  chaos: Map<string, KubernetesObject>;
  nodes: Map<string, NodeView>;
  /** What was deleted or uncordoned. */
  removed: string[];
  world: { reachable: boolean };
}

let uids = 0;
const uid = (): string => `00000000-0000-4000-9000-${String(++uids).padStart(12, "0")}`;

/**
 * Test double: a cluster's ConfigMaps, chaos objects and nodes in memory, which can be made unreachable. Deletion is at
 * once. The real API, with finalizers, is in test/e2e/halt.test.ts.
 */
export function latchCluster(name: string): LatchCluster {
  const configMaps: LatchCluster["configMaps"] = new Map();
  const chaos: LatchCluster["chaos"] = new Map();
  const nodes: LatchCluster["nodes"] = new Map();
  const removed: string[] = [];
  const world = { reachable: true };
  const reach = async (): Promise<void> => {
    if (!world.reachable) throw new AftershockError("cluster_unreachable", `Cluster ${name} is away.`, "Wait.");
  };
  const keyOf = ({ kind, namespace, name: own }: { kind: string; namespace: string; name: string }): string =>
    `${kind}/${namespace}/${own}`;
  const cluster = {
    name,
    getConfigMap: async (namespace: string, own: string) => {
      await reach();
      return configMaps.get(`${namespace}/${own}`) ?? null;
    },
    createConfigMap: async (namespace: string, own: string, data: Record<string, string>) => {
      await reach();
      if (configMaps.has(`${namespace}/${own}`)) return "exists";
      configMaps.set(`${namespace}/${own}`, { uid: uid(), data: { ...data } });
      return "created";
    },
    deleteConfigMap: async (namespace: string, own: string, wanted: string) => {
      await reach();
      if (configMaps.get(`${namespace}/${own}`)?.uid === wanted) configMaps.delete(`${namespace}/${own}`);
    },
    createChaos: async (object: KubernetesObject) => {
      await reach();
      const made = { ...object, metadata: { uid: uid(), ...object.metadata } };
      chaos.set(keyOf({ kind: object.kind, namespace: "default", ...object.metadata }), made);
      return made;
    },
    listChaos: async (selector: string) => {
      await reach();
      return [...chaos.values()].filter(({ metadata }) => metadata.labels?.[selector] !== undefined);
    },
    getChaos: async (ref: { kind: string; namespace: string; name: string }) => {
      await reach();
      return chaos.get(keyOf(ref)) ?? null;
    },
    deleteChaos: async (ref: { kind: string; namespace: string; name: string }) => {
      await reach();
      if (chaos.delete(keyOf(ref))) removed.push(keyOf(ref));
    },
    dropFinalizers: reach,
    labelledPods: async () => [],
    placement: () => ({
      nodes: async () => {
        await reach();
        return [...nodes.values()];
      },
      node: async (own: string) => {
        await reach();
        return nodes.get(own) ?? null;
      },
    }),
    setSchedulable: async (
      own: string,
      change: { schedulable: boolean; annotations: Record<string, string | null> },
    ) => {
      await reach();
      const node = nodes.get(own);
      if (node === undefined) throw new Error("no such node");
      const annotations = Object.fromEntries(
        Object.entries({ ...node.annotations, ...change.annotations }).flatMap(([key, value]) =>
          value === null ? [] : [[key, value]],
        ),
      );
      nodes.set(own, { ...node, unschedulable: !change.schedulable, annotations });
      if (change.schedulable) removed.push(`Cordon/${own}`);
      return "changed";
    },
  } as unknown as Cluster;
  return { cluster, configMaps, chaos, nodes, removed, world };
}

/** A chaos object with a run's label, created `ageMs` ago. */
export function labelled(
  run: string,
  change: { name?: string; labels?: Record<string, string>; duration?: string; ageMs?: number } = {},
): KubernetesObject {
  const { name = `${run}-partition`, labels = {}, duration = "5m", ageMs = 0 } = change;
  return {
    apiVersion: "chaos-mesh.org/v1alpha1",
    kind: "NetworkChaos",
    metadata: {
      name,
      namespace: "cache",
      uid: uid(),
      labels: { "aftershock.dev/run": run, ...labels },
      creationTimestamp: new Date(Date.now() - ageMs).toISOString(),
    },
    spec: { action: "partition", duration },
  };
}

/** A node that a run has cordoned, or (with null) that somebody else has. */
export function cordoned(name: string, run: string | null, until?: string): NodeView {
  return {
    name,
    resourceVersion: "1",
    ready: true,
    unschedulable: true,
    labels: {},
    annotations:
      run === null
        ? {}
        : { "aftershock.dev/run": run, ...(until === undefined ? {} : { "aftershock.dev/cordoned-until": until }) },
    taints: [],
    allocatable: { cpuMilli: 1, memoryBytes: 1, pods: 1 },
  };
}
