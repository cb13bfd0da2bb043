import { describe, expect, it } from "vitest";
import type { KubernetesObject } from "../../src/cluster/port.ts";
import { readChaos } from "../../src/run/chaos-state.ts";

interface RecordInput {
  id: string;
  phase: string;
  injectedCount?: number;
  recoveredCount?: number;
  events?: Array<Record<string, string>>;
}

function chaos(records: RecordInput[] | undefined, desiredPhase = "Run", deleted?: string): KubernetesObject {
  return {
    apiVersion: "chaos-mesh.org/v1alpha1",
    kind: "NetworkChaos",
    metadata: { name: "run-1-partition", ...(deleted === undefined ? {} : { deletionTimestamp: deleted }) },
    status: { experiment: { desiredPhase, ...(records === undefined ? {} : { containerRecords: records }) } },
  };
}

const injected = (id: string): RecordInput => ({ id, phase: "Injected", injectedCount: 1, recoveredCount: 0 });
const healed = (id: string): RecordInput => ({ id, phase: "Not Injected", injectedCount: 1, recoveredCount: 1 });
const expected = ["cache/redis-0", "cache/redis-1"];
const state = (object: KubernetesObject): string => readChaos(object, expected).state;

describe("what a chaos object's status says", () => {
  it("no records yet", () => expect(state(chaos(undefined))).toBe("no-target"));
  it("active only when every approved pod is injected", () => {
    expect(state(chaos(expected.map(injected)))).toBe("active");
    expect(state(chaos([injected("cache/redis-0"), { id: "cache/redis-1", phase: "Not Injected" }]))).toBe("injecting");
  });
  it("the phase `Not Injected/Wait` and `Injected/Wait` are not injected", () => {
    expect(state(chaos([injected("cache/redis-0"), { id: "cache/redis-1", phase: "Not Injected/Wait" }]))).toBe(
      "injecting",
    );
    expect(
      state(chaos([injected("cache/redis-0"), { id: "cache/redis-1", phase: "Injected/Wait", injectedCount: 1 }])),
    ).toBe("injecting");
  });
  it("a pod that nobody approved, or one that is missing, is a wrong target", () => {
    expect(state(chaos([...expected.map(injected), injected("cache/other")]))).toBe("wrong-target");
    expect(state(chaos([injected("cache/redis-0")]))).toBe("wrong-target");
  });
  it("a failed apply is told with its message", () => {
    const failed = {
      id: "cache/redis-1",
      phase: "Not Injected/Wait",
      events: [{ type: "Failed", operation: "Apply", message: "no such rule" }],
    };
    expect(readChaos(chaos([injected("cache/redis-0"), failed]), expected)).toEqual({
      state: "inject-failed",
      detail: "cache/redis-1: no such rule",
    });
  });
  it("all Not Injected while it should run is not healed: it never was injected", () => {
    expect(state(chaos(expected.map((id) => ({ id, phase: "Not Injected" }))))).toBe("injecting");
  });
  it("healing, then healed, once it shall stop", () => {
    expect(state(chaos([healed("cache/redis-0"), injected("cache/redis-1")], "Stop"))).toBe("healing");
    expect(state(chaos(expected.map(healed), "Stop"))).toBe("healed");
    expect(state(chaos(expected.map(healed), "Run", "2026-01-01T00:00:00Z"))).toBe("healed");
  });
});
