import { describe, expect, it } from "vitest";
import type { Cluster, NodeChange } from "../../src/cluster/port.ts";
import { cordonedBy, cordonedUntil, type NodeView } from "../../src/probes/placement.ts";
import { cordon } from "../../src/run/faults/cordon.ts";
import { podDelete } from "../../src/run/faults/pod-delete.ts";
import type { StoredFault } from "../../src/store/faults.ts";

interface FakeNode {
  unschedulable: boolean;
  annotations: Record<string, string>;
  version: number;
}

/**
 * Test double: a cluster of one node whose patches hold as the API server's do (409 for a stale resourceVersion), so that
 * a cordon of somebody else, a lost answer and a change in between can be had at will. The real API is in the e2e tests.
 */
function fakeCluster(node: FakeNode, options: { conflicts?: number; failures?: number } = {}) {
  let conflicts = options.conflicts ?? 0;
  let failures = options.failures ?? 0;
  const patches: NodeChange[] = [];
  const view = (): NodeView => ({
    name: "node-1",
    resourceVersion: String(node.version),
    ready: true,
    unschedulable: node.unschedulable,
    labels: {},
    annotations: { ...node.annotations },
    taints: [],
    allocatable: { cpuMilli: 1, memoryBytes: 1, pods: 1 },
  });
  const cluster = {
    placement: () => ({
      node: async () => {
        if (failures-- > 0) throw new Error("no answer");
        return view();
      },
      pods: async () => [{ name: "pg-0", node: "node-1" }],
    }),
    setSchedulable: async (_name: string, change: NodeChange) => {
      if (conflicts-- > 0 || change.resourceVersion !== String(node.version)) return "conflict";
      patches.push(change);
      node.version += 1;
      node.unschedulable = !change.schedulable;
      for (const [key, value] of Object.entries(change.annotations)) {
        if (value === null) delete node.annotations[key];
        else node.annotations[key] = value;
      }
      return "changed";
    },
  } as unknown as Cluster;
  return { cluster, node, patches };
}
const freeNode = (): FakeNode => ({ unschedulable: false, annotations: {}, version: 1 });
const heldBy = (run: string): FakeNode => ({ unschedulable: true, annotations: { [cordonedBy]: run }, version: 1 });
const { signal } = new AbortController();
/** An hour behind this machine's own: the clock that all workers share. */
const now = new Date(Date.now() - 3_600_000);
const deadlines = { deleteMs: 20_000, forceMs: 0 };
const fault = (spec: Record<string, unknown> = {}): StoredFault => ({
  faultId: "cordon",
  cluster: "lab",
  kind: "Cordon",
  namespace: "db",
  name: "run-1-cordon",
  manifest: {
    apiVersion: "v1",
    kind: "Cordon",
    metadata: { name: "run-1-cordon", labels: { "aftershock.dev/run": "run-1" } },
    spec: { node: "node-1", duration: "35s", ...spec },
  },
  targets: { subject: [{ pod: "pg-0", uid: "u", host: "10.0.0.1" }], target: [] },
  state: "intended",
});

describe("a cordon", () => {
  it("finds the node of the pod, and stores it before anything is touched", async () => {
    const { cluster, patches } = fakeCluster(freeNode());
    const intent = await cordon.prepare?.(fault({ node: undefined }), { cluster, signal, now });
    expect(intent?.manifest.spec).toMatchObject({ node: "node-1", wasUnschedulable: false });
    expect(patches).toEqual([]);
  });
  it("marks the node with whose it is and until when, by the clock that all share", async () => {
    const { cluster, node } = fakeCluster(freeNode());
    const intent = await cordon.prepare?.(fault(), { cluster, signal, now });
    await cordon.inject({ ...fault(), ...intent }, { cluster, signal });
    expect(node.unschedulable).toBe(true);
    expect(node.annotations[cordonedBy]).toBe("run-1");
    const leftMs = Date.parse(node.annotations[cordonedUntil] ?? "") - now.getTime();
    expect(leftMs).toBeGreaterThan(33_000);
    expect(leftMs).toBeLessThanOrEqual(35_000);
    expect(await cordon.look(fault(), { cluster, signal })).toBeNull();
  });
  it("is made once, however often it is asked for", async () => {
    const { cluster, patches } = fakeCluster(freeNode());
    await cordon.inject(fault(), { cluster, signal });
    await cordon.inject(fault(), { cluster, signal });
    expect(patches).toHaveLength(1);
  });
  it("reads the node again when somebody else changed it in between", async () => {
    const { cluster, node } = fakeCluster(freeNode(), { conflicts: 2 });
    await cordon.inject(fault(), { cluster, signal });
    expect(node.unschedulable).toBe(true);
  });
  it.each(["", "run-7"])("leaves a node alone that is cordoned already (by %j)", async (run) => {
    const { cluster, patches } = fakeCluster(run === "" ? { ...heldBy(run), annotations: {} } : heldBy(run));
    await expect(cordon.prepare?.(fault(), { cluster, signal, now })).rejects.toThrow(/somebody has cordoned it/);
    await expect(cordon.inject(fault(), { cluster, signal })).rejects.toThrow(/somebody has cordoned it/);
    expect(patches).toEqual([]);
  });
  it.each<[string, FakeNode, RegExp]>([
    ["uncordoned", freeNode(), /somebody uncordoned node-1/],
    ["taken over", heldBy("run-7"), /took the run's mark/],
  ])("notices that it was %s", async (_what, node, what) => {
    const { cluster } = fakeCluster(node);
    expect(await cordon.look(fault(), { cluster, signal })).toMatchObject({ run: "fails" });
    expect((await cordon.look(fault(), { cluster, signal }))?.what).toMatch(what);
  });
});

describe("the end of a cordon", () => {
  it("uncordons, takes the marks away, and reads it back", async () => {
    const { cluster, node } = fakeCluster({
      ...heldBy("run-1"),
      annotations: { [cordonedBy]: "run-1", [cordonedUntil]: "x", own: "y" },
    });
    expect(await cordon.remove(fault(), { cluster, signal }, deadlines)).toMatchObject({
      ok: true,
      detail: "done, and read back",
    });
    expect(node).toMatchObject({ unschedulable: false, annotations: { own: "y" } });
    expect(await cordon.prove(fault(), { cluster, signal })).toMatchObject([{ ok: true }]);
  });
  it("is the same when it is asked for again, or when the cordon was never made", async () => {
    const { cluster, patches } = fakeCluster(freeNode());
    expect(await cordon.remove(fault(), { cluster, signal }, deadlines)).toMatchObject({ ok: true });
    expect(patches).toEqual([]);
  });
  it.each<[string, FakeNode]>([
    ["a person", { ...heldBy(""), annotations: {} }],
    ["another run", heldBy("run-7")],
  ])("never undoes the cordon of %s", async (_who, held) => {
    const { cluster, node, patches } = fakeCluster(held);
    expect(await cordon.remove(fault(), { cluster, signal }, deadlines)).toMatchObject({
      ok: true,
      detail: "cordoned by somebody else, and left so",
    });
    expect(patches).toEqual([]);
    expect(node.unschedulable).toBe(true);
  });
  it("goes on through conflicts and a server that does not answer", async () => {
    const { cluster, node } = fakeCluster(heldBy("run-1"), { conflicts: 2, failures: 2 });
    expect(await cordon.remove(fault(), { cluster, signal }, deadlines)).toMatchObject({ ok: true });
    expect(node.unschedulable).toBe(false);
  });
  it("is not claimed when it could not be done", async () => {
    const { cluster } = fakeCluster(heldBy("run-1"), { failures: Infinity });
    expect(await cordon.remove(fault(), { cluster, signal }, { deleteMs: 0, forceMs: 0 })).toMatchObject({
      ok: false,
      detail: "no answer",
    });
    expect(await cordon.prove(fault(), { cluster, signal })).toMatchObject([{ ok: false }]);
  });
  it("is not proven while the node carries the mark", async () => {
    const { cluster } = fakeCluster(heldBy("run-1"));
    expect(await cordon.prove(fault(), { cluster, signal })).toMatchObject([{ ok: false }]);
  });
});

describe("a pod's deletion", () => {
  const answering = (answer: "deleted" | "gone" | "replaced") => {
    const asked: unknown[] = [];
    const cluster = { deletePod: async (ref: unknown) => (asked.push(ref), answer) } as unknown as Cluster;
    return { cluster, asked };
  };
  const deletion = { ...fault({ gracePeriodSeconds: 0 }), kind: "PodDelete" };
  it("names the very pod that was approved", async () => {
    const { cluster, asked } = answering("deleted");
    await podDelete.inject(deletion, { cluster, signal });
    expect(asked).toEqual([{ namespace: "db", name: "pg-0", uid: "u", gracePeriodSeconds: 0 }]);
  });
  it.each(["gone", "replaced"] as const)("fails when the pod was %s", async (answer) => {
    const { cluster } = answering(answer);
    await expect(podDelete.inject(deletion, { cluster, signal })).rejects.toThrow(/before it was deleted; nothing was/);
  });
  it("is over at once", () => expect(podDelete.isOneShot({})).toBe(true));
});
