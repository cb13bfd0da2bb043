import type { ChaosMeshPod, ChaosRef, Cluster, KubernetesObject } from "../../src/cluster/port.ts";

/** What a call of the scripted cluster does instead of working. */
export type Trouble = "works" | "fails" | "hangs";

export interface Script {
  /** Objects that are there, by `Kind/name`. */
  objects: Map<string, KubernetesObject>;
  /** Objects that stay when they are deleted, until they are freed of their finalizers. */
  sticky: Set<string>;
  /** As `sticky`, and freeing changes nothing. */
  stubborn: Set<string>;
  /** Chaos Mesh's daemons; at first one that is ready on `node-1`, where all pods are. */
  daemons: ChaosMeshPod[];
  calls: string[];
  trouble: Trouble;
  /** Told before each call. */
  onCall: (call: string) => void;
}

/**
 * Test double of a cluster's API for what no real server does at will: objects that stay, answers that never come. It
 * keeps what the API keeps (a deleted object with finalizers is marked, and goes with them); the lab is in the e2e tests.
 */
export function scriptedCluster(objects: readonly KubernetesObject[] = []): { cluster: Cluster; script: Script } {
  const script: Script = {
    objects: new Map(objects.map((object) => [keyOf(object.kind, object.metadata.name), object])),
    sticky: new Set(),
    stubborn: new Set(),
    daemons: [{ name: "chaos-daemon-a", node: "node-1", ready: true, instance: "one" }],
    calls: [],
    trouble: "works",
    onCall: () => undefined,
  };
  const call = async <T>(name: string, answer: () => T): Promise<T> => {
    script.calls.push(name);
    script.onCall(name);
    if (script.trouble === "hangs") return new Promise<T>(() => undefined);
    if (script.trouble === "fails") throw new Error("connection refused");
    return answer();
  };
  const key = (ref: ChaosRef): string => keyOf(ref.kind, ref.name);
  const cluster = {
    name: "lab",
    getChaos: (ref: ChaosRef) => call(`get ${key(ref)}`, () => script.objects.get(key(ref)) ?? null),
    listChaos: (selector: string) =>
      call(`list ${selector}`, () => {
        const [label = "", value] = selector.split("=");
        return [...script.objects.values()].filter(({ metadata }) => metadata.labels?.[label] === value);
      }),
    createChaos: (object: KubernetesObject) =>
      call(`create ${keyOf(object.kind, object.metadata.name)}`, () => {
        const records = ["redis-0", "redis-1"].map((pod) => ({
          id: `${object.metadata.namespace ?? ""}/${pod}`,
          phase: "Injected",
          injectedCount: 1,
          recoveredCount: 0,
          events: [],
        }));
        const created = { ...object, status: { experiment: { desiredPhase: "Run", containerRecords: records } } };
        script.objects.set(keyOf(object.kind, object.metadata.name), created);
        return created;
      }),
    deleteChaos: (ref: ChaosRef) =>
      call(`delete ${key(ref)}`, () => {
        const found = script.objects.get(key(ref));
        if (found === undefined) return;
        if (!script.sticky.has(key(ref)) && !script.stubborn.has(key(ref))) script.objects.delete(key(ref));
        else found.metadata.deletionTimestamp = "2026-11-25T00:00:00Z";
      }),
    dropFinalizers: (ref: ChaosRef) =>
      call(`free ${key(ref)}`, () => {
        if (!script.stubborn.has(key(ref))) script.objects.delete(key(ref));
      }),
    pods: (namespace: string) =>
      call("pods", () =>
        [0, 1].map((n) => ({
          name: `redis-${n}`,
          namespace,
          uid: `u${n}`,
          host: `10.0.0.${n + 1}`,
          labels: {},
          ready: true,
          containerIds: {},
          node: "node-1",
        })),
      ),
    getPod: (namespace: string, name: string) =>
      call(`get pod ${name}`, () => ({
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name, namespace, uid: `uid-of-${name}` },
      })),
    deletePod: ({ name, uid }: { name: string; uid: string }) => call(`delete pod ${name} ${uid}`, () => "deleted"),
    placement: () => ({ nodes: async () => [] }),
    chaosMesh: () =>
      call("chaos mesh", () => ({
        namespace: "chaos-mesh",
        controllers: [{ name: "chaos-controller", node: "node-1", ready: true, instance: "one" }],
        daemons: script.daemons,
      })),
    getConfigMap: async () => null,
    close: async () => undefined,
  } as unknown as Cluster;
  return { cluster, script };
}

/** A NetworkChaos whose one record could not be recovered. */
export function stuckPartition(name: string, run = "run-1"): KubernetesObject {
  const events = [{ type: "Failed", operation: "Recover", message: "nft: <no> such\nfile", timestamp: "t" }];
  return {
    apiVersion: "chaos-mesh.org/v1alpha1",
    kind: "NetworkChaos",
    metadata: {
      name,
      namespace: "cache",
      labels: { "aftershock.dev/run": run },
      finalizers: ["chaos-mesh/records"],
    },
    spec: {},
    status: {
      experiment: {
        desiredPhase: "Stop",
        containerRecords: [
          { id: "cache/redis-0", phase: "Injected/Wait", injectedCount: 1, recoveredCount: 0, events },
          { id: "cache/redis-1", phase: "Not Injected", injectedCount: 1, recoveredCount: 1, events: [] },
        ],
      },
    },
  };
}

function keyOf(kind: string, name: string): string {
  return `${kind}/${name}`;
}
