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
  it("unseen until a controller has looked, and then without a target while there is no record", () => {
    const { status: _status, ...untouched } = chaos(undefined);
    expect(state(untouched)).toBe("unseen");
    expect(state(chaos(undefined))).toBe("no-target");
    expect(state(chaos([]))).toBe("no-target");
  });
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
  it.each(["Injected ", "injected", "Injected/", "Not Injected/Waiting"])("%j is no phase of Chaos Mesh's", (phase) => {
    expect(state(chaos(expected.map((id) => ({ ...injected(id), phase }))))).toBe("injecting");
  });
  it("the condition AllRecovered, true before any injection, heals nothing", () => {
    const object = chaos(expected.map((id) => ({ id, phase: "Not Injected" })));
    object.status = { ...object.status, conditions: [{ type: "AllRecovered", status: "True", reason: "" }] };
    expect(state(object)).toBe("injecting");
  });
  it.each(["pod-kill", "container-kill"])("a %s is done once it was injected, and never heals", (action) => {
    const object = { ...chaos(expected.map(injected)), kind: "PodChaos", spec: { action } };
    expect(state(object)).toBe("done");
    expect(state({ ...object, spec: { action: "pod-failure" } })).toBe("active");
    expect(state({ ...object, kind: "NetworkChaos" })).toBe("active");
  });
  it("an attempt that failed after one that succeeded is no failed injection", () => {
    const again = {
      id: "cache/redis-1",
      phase: "Not Injected",
      injectedCount: 1,
      events: [{ type: "Failed", operation: "Apply", message: "later" }],
    };
    expect(state(chaos([injected("cache/redis-0"), again]))).toBe("injecting");
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
  it("a record that was injected and never recovered is not healed, whatever its phase says", () => {
    const flipped = { id: "cache/redis-1", phase: "Not Injected", injectedCount: 1, recoveredCount: 0 };
    expect(state(chaos([healed("cache/redis-0"), flipped], "Stop"))).toBe("healing");
  });
  it("healing, then healed by bookkeeping, once it shall stop", () => {
    expect(state(chaos([healed("cache/redis-0"), injected("cache/redis-1")], "Stop"))).toBe("healing");
    expect(state(chaos(expected.map(healed), "Stop"))).toBe("healed-by-bookkeeping");
    expect(state(chaos(expected.map(healed), "Run", "2026-01-01T00:00:00Z"))).toBe("healed-by-bookkeeping");
  });
});
