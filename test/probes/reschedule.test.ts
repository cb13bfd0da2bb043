import { describe, expect, it } from "vitest";
import {
  cordonedBy,
  type AttachmentView,
  type NodeView,
  type PodPlacement,
  type VolumeView,
} from "../../src/probes/placement.ts";
import { placementGuards } from "../../src/probes/reschedule/guards.ts";
import { markerTable } from "../../src/probes/reschedule/marker.ts";
import { placesFor, whyNotOn, type Room } from "../../src/probes/reschedule/room.ts";
import { placementChanges } from "../../src/probes/reschedule/watch.ts";

const pod = (change: Partial<PodPlacement> = {}): PodPlacement => ({
  name: "pg-0",
  namespace: "db",
  uid: "old",
  labels: { app: "pg" },
  phase: "Running",
  node: "node-1",
  unschedulable: null,
  deleting: false,
  started: true,
  ready: true,
  containerId: "c1",
  terminationGracePeriodSeconds: 30,
  tolerations: [],
  nodeSelector: {},
  antiAffinity: [],
  otherRules: [],
  requests: { cpuMilli: 500, memoryBytes: 1000 },
  owner: "StatefulSet/pg",
  ...change,
});
const node = (name: string, change: Partial<NodeView> = {}): NodeView => ({
  name,
  resourceVersion: "1",
  ready: true,
  unschedulable: false,
  labels: { "kubernetes.io/hostname": name },
  annotations: {},
  taints: [],
  allocatable: { cpuMilli: 2000, memoryBytes: 10_000, pods: 10 },
  ...change,
});
const volume = (change: Partial<VolumeView> = {}): VolumeView => ({
  claim: "data-pg-0",
  name: "pv-0",
  uid: "u",
  source: "csi",
  handle: "h",
  storageClass: "fast",
  accessModes: ["ReadWriteOnce"],
  nodeAffinity: null,
  fits: () => true,
  ...change,
});
const room = (change: Partial<Room> = {}): Room => ({
  target: pod(),
  nodes: [node("node-1"), node("node-2")],
  pods: [pod()],
  volumes: [volume()],
  ...change,
});
const judged = (id: string, given: Room) => {
  const guard = placementGuards[id];
  if (guard === undefined) throw new Error(`no guard ${id}`);
  return guard(given);
};

describe("the guards of a reschedule", () => {
  it.each(Object.keys(placementGuards))("%s holds where a pod can be moved", (id) => {
    expect(judged(id, room()).ok).toBe(true);
  });
  it.each<[string, string, Partial<Room>, RegExp]>([
    ["recreated-by-set", "nobody makes it anew", { target: pod({ owner: null }) }, /nobody makes pg-0 anew/],
    ["recreated-by-set", "a Deployment does", { target: pod({ owner: "ReplicaSet/pg" }) }, /ReplicaSet\/pg/],
    [
      "node-not-cordoned",
      "somebody cordoned it",
      { nodes: [node("node-1", { unschedulable: true }), node("node-2")] },
      /node-1 is cordoned, not by a run of ours/,
    ],
    [
      "node-not-cordoned",
      "another run did",
      { nodes: [node("node-1", { unschedulable: true, annotations: { [cordonedBy]: "run-7" } })] },
      /cordoned, by run-7/,
    ],
    ["node-not-cordoned", "it has no node", { target: pod({ node: null }) }, /has no node/],
    ["another-node", "there is none", { nodes: [node("node-1")] }, /no other node/],
    [
      "another-node",
      "the other is cordoned",
      { nodes: [node("node-1"), node("node-2", { unschedulable: true })] },
      /node-2 is cordoned/,
    ],
    ["volume-can-move", "it has none", { volumes: [] }, /would be gone/],
    ["volume-can-move", "it is local", { volumes: [volume({ source: "local" })] }, /local volume: it stays/],
    [
      "volume-can-move",
      "its affinity binds it",
      { volumes: [volume({ nodeAffinity: "zone In [a]", fits: ({ zone }) => zone === "a" })] },
      /only be used where zone In \[a\]/,
    ],
  ])("%s stops when %s", (id, _what, change, measured) => {
    const result = judged(id, room(change));
    expect(result.ok).toBe(false);
    expect(result.measured).toMatch(measured);
  });
  it("says which rules of placement it did not look at", () => {
    const target = pod({ otherRules: ["node affinity"] });
    expect(judged("another-node", room({ target })).measured).toMatch(
      /node-2 could take pg-0; not looked at: node aff/,
    );
  });
});

describe("a node", () => {
  it.each<[string, Partial<NodeView>, Partial<Room>, string | null]>([
    ["could take the pod", {}, {}, null],
    ["is not ready", { ready: false }, {}, "is not ready"],
    ["has a taint", { taints: [{ key: "gpu", value: null, effect: "NoSchedule" }] }, {}, "has the taint gpu"],
    [
      "has a taint that the pod tolerates",
      { taints: [{ key: "gpu", value: "x", effect: "NoSchedule" }] },
      {
        target: pod({
          tolerations: [{ key: "gpu", operator: "Equal", value: "x", effect: "NoSchedule", tolerationSeconds: null }],
        }),
      },
      null,
    ],
    ["lacks a label", {}, { target: pod({ nodeSelector: { disk: "ssd" } }) }, "lacks the label disk=ssd"],
    ["is full", { allocatable: { cpuMilli: 400, memoryBytes: 1e9, pods: 9 } }, {}, "has no room for its CPU request"],
    [
      "has no memory",
      { allocatable: { cpuMilli: 4000, memoryBytes: 9, pods: 9 } },
      {},
      "has no room for its memory request",
    ],
    ["has all pods it may have", { allocatable: { cpuMilli: 4000, memoryBytes: 1e9, pods: 0 } }, {}, "has 0 pods of 0"],
    ["is out of the volume's reach", {}, { volumes: [volume({ fits: () => false })] }, "cannot have the volume pv-0"],
    [
      "runs a sibling that the anti-affinity keeps apart",
      {},
      {
        target: pod({ antiAffinity: [{ topologyKey: "kubernetes.io/hostname", matchLabels: { app: "pg" } }] }),
        pods: [pod(), pod({ name: "pg-1", uid: "u1", node: "node-2" })],
      },
      "runs pg-1, which the anti-affinity keeps apart",
    ],
  ])("that %s", (_what, change, rest, reason) => {
    const other = node("node-2", change);
    expect(whyNotOn(other, room({ ...rest, nodes: [node("node-1"), other] }))).toBe(reason);
  });
  it("of the pod itself is no other place", () => {
    expect(placesFor(room({ nodes: [node("node-1")] }))).toEqual({ could: [], couldNot: [] });
  });
});

describe("what changed between two looks", () => {
  const attachment = (on: string, change: Partial<AttachmentView> = {}): AttachmentView => ({
    name: `pv-0 ${on}`,
    volume: "pv-0",
    node: on,
    attached: true,
    detaching: false,
    ...change,
  });
  const old = { pod: pod(), attachments: [attachment("node-1")] };
  const said = (...looks: Array<Parameters<typeof placementChanges>[1]>): string[] =>
    looks.slice(1).flatMap((look, index) => {
      const before = looks[index];
      return before === undefined ? [] : placementChanges("pg-0", before, look).map(({ event }) => event);
    });
  it("is nothing when nothing did", () => expect(said(old, old)).toEqual([]));
  it("is every step of a move, in order", () => {
    const fresh = pod({ uid: "new", node: "node-2", started: false, ready: false, containerId: null });
    expect(
      said(
        old,
        { pod: null, attachments: [attachment("node-1")] },
        { pod: fresh, attachments: [attachment("node-1", { detaching: true })] },
        { pod: fresh, attachments: [attachment("node-2", { attached: false })] },
        { pod: fresh, attachments: [attachment("node-2")] },
        { pod: pod({ uid: "new", node: "node-2", containerId: "c2" }), attachments: [attachment("node-2")] },
      ),
    ).toEqual([
      "pod-gone",
      "pod-created",
      "pod-scheduled",
      "volume-detaching",
      "volume-detached",
      "volume-attaching",
      "volume-attached",
      "containers-started",
      "pod-ready",
    ]);
  });
  it("is the scheduler's reason, once", () => {
    const waiting = {
      pod: pod({ uid: "new", node: null, unschedulable: "0/3", started: false, ready: false }),
      attachments: [],
    };
    expect(said({ pod: null, attachments: [] }, waiting, waiting)).toEqual(["pod-created", "pod-unschedulable"]);
  });
  it("is a container that started anew in the same pod", () => {
    expect(said(old, { ...old, pod: pod({ containerId: "c2" }) })).toEqual(["containers-started"]);
  });
});

it("names a marker table that needs no quoting", () => expect(markerTable("run-12")).toBe("aftershock_marker_run_12"));
