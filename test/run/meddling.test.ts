import { expect, describe, it } from "vitest";
import type { Cluster, KubernetesObject } from "../../src/cluster/port.ts";
import { createRecorder } from "../../src/probes/recorder.ts";
import type { ConnectivityProof, SystemSession } from "../../src/probes/system.ts";
import type { RunEventBody } from "../../src/run/events.ts";
import { changedSpec, lookAtObject } from "../../src/run/faults/chaos-object.ts";
import type { Intent } from "../../src/run/faults/fault-kind.ts";
import { networkChaos } from "../../src/run/faults/network-chaos.ts";
import { watchSight } from "../../src/run/sight.ts";
import { history } from "../support/history-builder.ts";

const { signal } = new AbortController();
const spec = { action: "partition", direction: "both", selector: { pods: { cache: ["redis-0"] } }, duration: "16s" };
const intent: Intent = {
  faultId: "cut",
  cluster: "lab",
  kind: "NetworkChaos",
  namespace: "cache",
  name: "run-1-cut",
  manifest: { apiVersion: "chaos-mesh.org/v1alpha1", kind: "NetworkChaos", metadata: { name: "run-1-cut" }, spec },
  targets: {
    subject: [{ pod: "redis-0", uid: "u0", host: "10.0.0.1" }],
    target: [{ pod: "redis-1", uid: "u1", host: "10.0.0.2" }],
  },
};
const record = (pod: string) => ({ id: `cache/${pod}`, phase: "Injected", injectedCount: 1, recoveredCount: 0 });
const active: KubernetesObject = {
  ...intent.manifest,
  // As a cluster shows it: with what it fills in by default.
  spec: { ...spec, mode: "all", device: "eth0" },
  status: { experiment: { desiredPhase: "Run", containerRecords: [record("redis-0"), record("redis-1")] } },
};
/** Test double: a cluster that answers these objects, one a look, and then the last one again and again. */
function answering(...objects: Array<KubernetesObject | null>): Cluster {
  const left = [...objects];
  const getChaos = async () => (left.length > 1 ? left.shift() : left[0]) ?? null;
  return { getChaos } as unknown as Cluster;
}
const look = (...objects: Array<KubernetesObject | null>) =>
  lookAtObject(intent, { cluster: answering(...objects), signal }, ["cache/redis-0", "cache/redis-1"]);

describe("a chaos object that somebody else touches during the run", () => {
  it("is as it was made, whatever the cluster fills in", async () => expect(await look(active)).toBeNull());

  it("is not taken for deleted because a cache was behind", async () => expect(await look(null, active)).toBeNull());

  it.each<[string, KubernetesObject | null, RegExp]>([
    ["deleted", null, /somebody deleted the object/],
    [
      "being deleted",
      { ...active, metadata: { ...active.metadata, deletionTimestamp: "2026-01-01T00:00:00Z" } },
      /somebody is deleting/,
    ],
    [
      "paused",
      { ...active, metadata: { ...active.metadata, annotations: { "experiment.chaos-mesh.org/pause": "true" } } },
      /somebody paused it/,
    ],
    ["edited", { ...active, spec: { ...active.spec, direction: "to" } }, /changed the object's direction/],
    ["given more time", { ...active, spec: { ...active.spec, duration: "1h" } }, /changed the object's duration/],
    [
      "healed by the cluster itself",
      { ...active, status: { experiment: { ...Object(active.status?.["experiment"]), desiredPhase: "Stop" } } },
      /the cluster reports healing/,
    ],
  ])("is noticed: %s", async (_what, object, what) => {
    const change = await look(object);
    expect(change).toMatchObject({ run: "fails" });
    expect(change?.what).toMatch(what);
  });

  it("compares lists entry by entry, and only what was written", () => {
    const object = (pods: string[]) => ({ ...active, spec: { ...spec, selector: { pods: { cache: pods } }, more: 1 } });
    expect(changedSpec(intent, object(["redis-0"]))).toBeNull();
    expect(changedSpec(intent, object(["redis-0", "redis-1"]))).toBe("selector");
    expect(changedSpec(intent, object(["redis-2"]))).toBe("selector");
    expect(changedSpec(intent, { ...active, spec: {} })).toBe("action");
  });
});

describe("the look for a partition's effect", () => {
  /** Test double: a session whose proofs come in this order. */
  const effect = (...pairs: Array<ConnectivityProof["pairs"][number]>) => {
    const left = [...pairs];
    const proveConnected = async () => {
      const pair = (left.length > 1 ? left.shift() : left[0]) ?? pairs[0];
      if (pair === undefined) throw new Error("no pair");
      return { ok: pair.ok, pairs: [pair] };
    };
    const session = { proveConnected } as unknown as SystemSession;
    return networkChaos.effect(intent, { session, cluster: answering(active), signal });
  };
  const pair = { from: "redis-0", to: "redis-1", ok: false, detail: "no answer within 2 s" };
  const unasked = { ...pair, detail: "the connection closed", unasked: true } as const;

  it("finds the silence of a pod that was asked", async () => {
    expect(await effect(pair)).toMatchObject({ effective: true });
  });
  it("finds an answer", async () => expect(await effect({ ...pair, ok: true })).toMatchObject({ effective: false }));
  it("asks again when asking failed", async () => {
    expect(await effect(unasked, { ...pair, ok: true })).toMatchObject({ effective: false });
  });
  it("says nothing when nobody could be asked", async () => expect(await effect(unasked)).toBeNull());
});

describe("a cluster that does not let a run see its fault", () => {
  it("is told once when it begins and once when it ends, and every look is in the history", () => {
    const recorder = createRecorder(history().header);
    const told: RunEventBody[] = [];
    const sight = watchSight({ say: async (...events) => void told.push(...events) }, recorder);
    sight.seen();
    expect(told).toEqual([]);
    sight.lost("no answer");
    sight.lost("no answer");
    sight.seen();
    sight.seen();
    expect(told.map((event) => event.type === "system" && event.event)).toEqual(["fault-unseen", "fault-seen"]);
    expect(recorder.history().events.map(({ event }) => event)).toEqual(["fault-unseen", "fault-unseen", "fault-seen"]);
  });
});
