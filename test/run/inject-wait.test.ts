import { describe, expect, it } from "vitest";
import type { Cluster, KubernetesObject } from "../../src/cluster/port.ts";
import { changedTarget } from "../../src/run/faults/changed-target.ts";
import { createAndAwait } from "../../src/run/faults/chaos-object.ts";
import type { Intent } from "../../src/run/faults/fault-kind.ts";

const signal = new AbortController().signal;
const intent: Intent = {
  faultId: "cut",
  cluster: "lab",
  kind: "NetworkChaos",
  namespace: "cache",
  name: "run-1-cut",
  manifest: { apiVersion: "chaos-mesh.org/v1alpha1", kind: "NetworkChaos", metadata: { name: "run-1-cut" }, spec: {} },
  targets: { subject: [{ pod: "redis-0", uid: "u0", host: "10.0.0.1" }], target: [] },
};
const status = (...containerRecords: object[]): Partial<KubernetesObject> => ({
  status: { experiment: { desiredPhase: "Run", ...(containerRecords.length === 0 ? {} : { containerRecords }) } },
});
const failed = { type: "Failed", operation: "Apply", message: "unable to flush ip sets" };
const injected = { id: "cache/redis-0", phase: "Injected", injectedCount: 1, events: [failed] };
const waiting = { id: "cache/redis-0", phase: "Not Injected/Wait", injectedCount: 0, events: [failed] };

/** Test double: the object as a cluster shows it, one answer a look, and then the last one again and again. */
function inject(waits: { deadlineMs: number; settledAfterMs: number }, ...answers: Partial<KubernetesObject>[]) {
  const left = [...answers];
  const cluster = {
    createChaos: async () => intent.manifest,
    getChaos: async () => ({ ...intent.manifest, ...(left.length > 1 ? left.shift() : left[0]) }),
  } as unknown as Cluster;
  return createAndAwait(intent, { cluster, signal }, ["cache/redis-0"], waits);
}
const patient = { deadlineMs: 20_000, settledAfterMs: 10_000 };
const quick = { deadlineMs: 20_000, settledAfterMs: 150 };

describe("waiting for an injection", () => {
  it("goes on over a failed attempt, which Chaos Mesh makes again, and over a selection that comes late", async () => {
    await inject(patient, {}, status(), status(waiting), status(waiting), status(injected));
  });
  it("is given up when the failure stays, with the cluster's own reason", async () => {
    await expect(inject(quick, status(waiting))).rejects.toMatchObject({
      code: "inject_failed",
      message: expect.stringContaining("inject-failed, cache/redis-0: unable to flush ip sets"),
    });
  });
  it("is given up when nothing was selected, long before its deadline", async () => {
    await expect(inject(quick, status())).rejects.toThrow(/no-target, no record/);
  });
  it("is given up at its deadline when no controller ever looked", async () => {
    await expect(inject({ deadlineMs: 200, settledAfterMs: 100 }, {})).rejects.toThrow(/unseen/);
  });
  it("is given up at once for a pod that nobody approved", async () => {
    const other = { ...injected, id: "cache/redis-2" };
    await expect(inject(patient, status(injected, other))).rejects.toThrow(/wrong-target/);
  });
});

describe("a target that is another than the one that was hit", () => {
  const before = [{ pod: "redis-0", uid: "u0", host: "10.0.0.1", containerIds: { redis: "a" } }];
  const now = { name: "redis-0", namespace: "cache", uid: "u0", host: "10.0.0.1", labels: {}, ready: true };
  const same = { ...now, containerIds: { redis: "a" } };
  it("is none while uid, address and containers are the same", () => {
    expect(changedTarget(before, [same])).toBeNull();
  });
  it.each([
    ["pod", { ...same, uid: "u9" }],
    ["address", { ...same, host: "10.0.0.9" }],
    ["container", { ...same, containerIds: { redis: "b" } }],
    ["container", now],
  ])("has another %s", (what, pod) => expect(changedTarget(before, [pod])).toMatchObject({ pod: "redis-0", what }));
  it("has gone", () => expect(changedTarget(before, [])).toMatchObject({ what: "pod" }));
});
