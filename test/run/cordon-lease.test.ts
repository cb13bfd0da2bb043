import { describe, expect, it } from "vitest";
import type { Cluster, NodeChange } from "../../src/cluster/port.ts";
import { cordonedBy, cordonedUntil } from "../../src/probes/placement.ts";
import { leaseOf, uncordon } from "../../src/run/faults/cordon-lease.ts";

const node = (name: string, annotations: Record<string, string> = {}) => ({ name, annotations });
const held = (run: string, end?: string) => ({
  [cordonedBy]: run,
  ...(end === undefined ? {} : { [cordonedUntil]: end }),
});

describe("a cordon's lease", () => {
  it("is read from the node: whose, and until when", () => {
    expect(leaseOf(node("n1", held("run-3", "2026-11-25T10:00:30Z")))).toEqual({
      node: "n1",
      run: "run-3",
      until: "2026-11-25T10:00:30Z",
    });
  });

  it("is none on a node without our mark, whatever else it carries", () => {
    expect(leaseOf(node("n1", { [cordonedUntil]: "2020-01-01T00:00:00Z", "other.dev/by": "run-3" }))).toBeNull();
    expect(leaseOf(node("n1"))).toBeNull();
    expect(leaseOf(node("n2", held("run-1")))).toMatchObject({ node: "n2", run: "run-1" });
  });

  it("has no end where none can be read", () => {
    expect(leaseOf(node("endless", held("run-3")))?.until).toBeNull();
    expect(leaseOf(node("garbled", held("run-4", "tomorrow")))?.until).toBeNull();
  });
});

/** Test double: one node of a cluster; the API server itself is in test/e2e/statefulset-reschedule.test.ts. */
function oneNode(start: { unschedulable: boolean; annotations: Record<string, string> }) {
  const state = { ...start, annotations: { ...start.annotations } };
  const patches: NodeChange[] = [];
  const cluster = {
    placement: () => ({
      node: async () => ({ name: "n1", resourceVersion: "1", ...state, annotations: { ...state.annotations } }),
    }),
    setSchedulable: async (_name: string, change: NodeChange) => {
      patches.push(change);
      state.unschedulable = !change.schedulable;
      for (const key of Object.keys(change.annotations)) delete state.annotations[key];
      return "changed";
    },
  } as unknown as Cluster;
  return { state, patches, tools: { cluster, signal: new AbortController().signal } };
}

describe("undoing a cordon by its lease", () => {
  it("takes our own mark and cordon away", async () => {
    const { state, tools } = oneNode({ unschedulable: true, annotations: held("run-1", "2026-11-25T09:00:00Z") });
    expect(await uncordon({ node: "n1", run: "run-1" }, tools, 1000)).toMatchObject({ ok: true });
    expect(state).toEqual({ unschedulable: false, annotations: {} });
  });

  it.each([
    ["somebody else's cordon", { unschedulable: true, annotations: {} }],
    ["another run's cordon", { unschedulable: true, annotations: held("run-2", "2020-01-01T00:00:00Z") }],
  ])("leaves %s as it is", async (_what, start) => {
    const { patches, tools } = oneNode(start);
    const proof = await uncordon({ node: "n1", run: "run-1" }, tools, 1000);
    expect(proof.detail).toContain("somebody else");
    expect(patches).toEqual([]);
  });
});
