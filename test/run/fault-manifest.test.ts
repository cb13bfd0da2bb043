import { describe, expect, it } from "vitest";
import { faultObject, planFault, sameTargets } from "../../src/run/fault-manifest.ts";

const fault = {
  id: "partition",
  title: "Cut the master off",
  kind: "NetworkChaos" as const,
  subject: ["master"],
  target: ["replicas", "sentinels"],
  spec: { action: "partition", direction: "both" },
};
const groups = { master: ["redis-0"], replicas: ["redis-1", "redis-2"], sentinels: ["redis-sentinel-0"] };

describe("a planned fault", () => {
  it("pins its targets by pod name and ends by itself a little after the run should have ended it", () => {
    expect(planFault(fault, { groups }, "cache", 15_000)).toMatchObject({
      subject: ["redis-0"],
      target: ["redis-1", "redis-2", "redis-sentinel-0"],
      spec: {
        action: "partition",
        mode: "all",
        selector: { namespaces: ["cache"], pods: { cache: ["redis-0"] } },
        target: { mode: "all", selector: { pods: { cache: ["redis-1", "redis-2", "redis-sentinel-0"] } } },
        duration: "25s",
      },
    });
  });
  it("has no duration when it is a kill, which is over at once", () => {
    const kill = { ...fault, kind: "PodChaos" as const, target: [], spec: { action: "pod-kill", gracePeriod: 0 } };
    expect(planFault(kill, { groups }, "cache", 15_000).spec).not.toHaveProperty("duration");
    const failure = { ...kill, spec: { action: "pod-failure" } };
    expect(planFault(failure, { groups }, "cache", 15_000).spec).toHaveProperty("duration", "25s");
  });
  it("names a pod once that is in two groups, as where Sentinels share the replicas' pods", () => {
    const shared = { ...groups, sentinels: ["redis-1", "redis-2"] };
    expect(planFault(fault, { groups: shared }, "cache", 15_000)).toMatchObject({
      target: ["redis-1", "redis-2"],
      spec: { target: { selector: { pods: { cache: ["redis-1", "redis-2"] } } } },
    });
  });
  it("is refused when a pod is on both of its sides", () => {
    const both = { ...groups, sentinels: ["redis-0", "redis-1"] };
    expect(() => planFault(fault, { groups: both }, "cache", 15_000)).toThrow(/redis-0 on both of its sides/);
  });
  it("becomes an object that any worker can find by the run's label", () => {
    const object = faultObject(planFault(fault, { groups }, "cache", 15_000), "cache", "run-7");
    expect(object.metadata).toEqual({
      name: "run-7-partition",
      namespace: "cache",
      labels: { "aftershock.dev/run": "run-7", "app.kubernetes.io/managed-by": "aftershock" },
    });
  });
  it("is refused when a group is empty or unknown, naming the groups there are", () => {
    expect(() => planFault(fault, { groups: { ...groups, master: [] } }, "cache", 1000)).toThrow(/group "master"/);
    expect(() => planFault({ ...fault, target: ["witnesses"] }, { groups }, "cache", 1000)).toThrow(
      /group "witnesses"/,
    );
  });
  it("is refused as not known, and not as nobody, when members did not answer", () => {
    const topology = { groups: { ...groups, master: [] }, silent: ["redis-0"] };
    expect(() => planFault(fault, topology, "cache", 1)).toThrow(/not known: no answer from redis-0/);
    expect(() => planFault({ ...fault, target: ["witnesses"] }, { groups, silent: ["redis-0"] }, "cache", 1)).toThrow(
      /the system has none now/,
    );
  });
  it("tells other targets apart, and not another order", () => {
    const plan = (master: string, replicas: string[]) => [
      planFault(fault, { groups: { ...groups, master: [master], replicas } }, "cache", 1),
    ];
    expect(sameTargets(plan("redis-0", ["a", "b"]), plan("redis-0", ["b", "a"]))).toBe(true);
    expect(sameTargets(plan("redis-0", ["a", "b"]), plan("redis-1", ["a", "b"]))).toBe(false);
  });
});
