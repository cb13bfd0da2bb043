import { describe, expect, it } from "vitest";
import type { ProbeStatus } from "../../src/probes/system.ts";
import { firedStopCondition } from "../../src/run/stop-conditions.ts";

const condition = { id: "dead", title: "No write", client: "follower", okRatioBelow: 0.5, forMs: 3000 };

function status(okRatio: Array<number | null>): ProbeStatus {
  const client = {
    kind: "write" as const,
    ok: 1,
    fail: 1,
    unknown: 0,
    okPerSecond: 1,
    p50Ms: 1,
    p99Ms: 1,
    member: null,
  };
  return { atMs: 0, clients: [{ ...client, client: "follower", okRatio }] };
}

describe("a stop condition", () => {
  it("fires when the mean over its window is below the bound", () => {
    expect(firedStopCondition([condition], status([1, 1, 0.2, 0.4, 0.3]))).toEqual({
      id: "dead",
      measured: "follower: 30.0 % ok over 3 s",
      bound: "at least 50.0 %",
    });
  });
  it("does not fire above it, nor before the window is full", () => {
    expect(firedStopCondition([condition], status([0, 0, 1, 0.6, 0.5]))).toBeNull();
    expect(firedStopCondition([condition], status([0, 0]))).toBeNull();
  });
  it("does not count seconds in which nothing was due", () => {
    expect(firedStopCondition([condition], status([null, null, null]))).toBeNull();
  });
  it("does not fire for a client that is not there", () => {
    expect(firedStopCondition([{ ...condition, client: "nobody" }], status([0, 0, 0]))).toBeNull();
  });
});
