import { expect, it } from "vitest";
import { startChaosController, type ChaosKind } from "../../src/lab/chaos/chaos-controller.ts";
import { endsAtMs, newRecord, readRecords } from "../../src/lab/chaos/chaos-status.ts";
import { createStore } from "../../src/lab/store/store.ts";
import { waitFor } from "../support/stack.ts";

it("heals a fault whose time is up just after it was decided that it runs on", async () => {
  const store = createStore();
  const ref = { kind: "PodChaos", namespace: "cache", name: "short" };
  const object = store.create({
    apiVersion: "chaos-mesh.org/v1alpha1",
    kind: ref.kind,
    metadata: { name: ref.name, namespace: ref.namespace },
    spec: { action: "pod-failure", duration: "60s" },
  });
  const endMs = endsAtMs(object) ?? 0;
  // Timers fire up to a millisecond early: the first look is before the end, every later one after it.
  let ending = false;
  let looks = 0;
  const now = (): number => {
    if (!ending) return endMs - 20;
    looks += 1;
    return looks === 1 ? endMs - 0.4 : endMs + 0.4;
  };
  let recovered = 0;
  /** A double: what is hit is of no matter here. */
  const kind: ChaosKind = {
    kind: ref.kind,
    onFailure: "stays",
    select: () => [newRecord("cache/redis-0", ".")],
    apply: async () => undefined,
    recover: async () => {
      recovered += 1;
    },
  };
  const controller = startChaosController(store, kind, { now, random: Math.random, log: () => undefined });
  await waitFor(
    async () => readRecords(store.get(ref) ?? object)?.[0]?.phase,
    (phase) => phase === "Injected",
    5000,
  );
  expect(recovered).toBe(0);
  ending = true;
  await waitFor(
    async () => recovered,
    (times) => times === 1,
    5000,
  );
  await controller.stop();
});

it("selects for an object that is paused from its beginning, injects nothing, and calls all of it recovered", async () => {
  const store = createStore();
  const ref = { kind: "PodChaos", namespace: "cache", name: "paused" };
  store.create({
    apiVersion: "chaos-mesh.org/v1alpha1",
    kind: ref.kind,
    metadata: { name: ref.name, namespace: ref.namespace, annotations: { "experiment.chaos-mesh.org/pause": "true" } },
    spec: { action: "pod-failure" },
  });
  let applied = 0;
  /** A double: what is hit is of no matter here. */
  const kind: ChaosKind = {
    kind: ref.kind,
    onFailure: "stays",
    select: () => [newRecord("cache/redis-0", ".")],
    apply: async () => void (applied += 1),
    recover: async () => undefined,
  };
  const controller = startChaosController(store, kind, { now: Date.now, random: Math.random, log: () => undefined });
  const status = await waitFor(
    async () => store.get(ref)?.status,
    (seen) => JSON.stringify(seen ?? {}).includes("containerRecords"),
    5000,
  );
  expect(status).toMatchObject({
    experiment: { desiredPhase: "Stop", containerRecords: [{ phase: "Not Injected", injectedCount: 0 }] },
  });
  expect(status?.["conditions"]).toContainEqual({ type: "AllRecovered", status: "True", reason: "" });
  expect(applied).toBe(0);
  await controller.stop();
});
