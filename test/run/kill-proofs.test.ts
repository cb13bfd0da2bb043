import { describe, expect, it } from "vitest";
import type { Cluster } from "../../src/cluster/port.ts";
import type { PodAddress, SystemSession } from "../../src/probes/system.ts";
import { createRecorder } from "../../src/probes/recorder.ts";
import { lookForEffect } from "../../src/run/fault-effect.ts";
import { provePathBack } from "../../src/run/faults/network-chaos.ts";
import { provePodsBack } from "../../src/run/faults/pods-back.ts";
import { proveFaultsGone } from "../../src/run/heal.ts";
import type { StoredFault } from "../../src/store/faults.ts";
import { history } from "../support/history-builder.ts";

const pod = (uid: string, ready: boolean): PodAddress => ({
  name: "redis-0",
  namespace: "cache",
  uid,
  host: "10.0.0.1",
  labels: {},
  ready,
});
/** Test double: a cluster that answers one list of pods; nothing else is asked of it. */
const clusterWith = (pods: PodAddress[]): Cluster => ({ pods: async () => pods }) as unknown as Cluster;
const never = new AbortController().signal;
const fault = (action: string): StoredFault => ({
  faultId: "kill",
  cluster: "lab",
  kind: "PodChaos",
  namespace: "cache",
  name: "run-1-kill",
  manifest: {
    apiVersion: "chaos-mesh.org/v1alpha1",
    kind: "PodChaos",
    metadata: { name: "run-1-kill" },
    spec: { action },
  },
  targets: { subject: [{ pod: "redis-0", uid: "old", host: "10.0.0.1" }], target: [] },
  state: "injected",
});

describe("the proof that a killed pod is back", () => {
  it("holds for a new pod that is ready", async () => {
    expect(await provePodsBack(clusterWith([pod("new", true)]), fault("pod-kill"), never, 0)).toMatchObject([
      { ok: true, detail: "replaced and ready" },
    ]);
  });
  it.each([
    ["there is none", [], /there is no such pod/],
    ["it is not ready", [pod("new", false)], /it is not ready/],
  ])("fails when %s", async (_what, pods, detail) => {
    const [proof] = await provePodsBack(clusterWith(pods), fault("pod-kill"), never, 0);
    expect(proof?.ok).toBe(false);
    expect(proof?.detail).toMatch(detail);
  });
  it("holds for a pod that was held down and released", async () => {
    expect(await provePodsBack(clusterWith([pod("old", true)]), fault("pod-failure"), never, 0)).toMatchObject([
      { ok: true, detail: "the same pod as before, ready" },
    ]);
  });
  it("is not asked of a fault that touches no pod's life", async () => {
    const partition = { ...fault("partition"), kind: "NetworkChaos" };
    expect(await proveFaultsGone([partition], { cluster: clusterWith([]), signal: never })).toEqual([]);
  });
});

describe("the proof of a data path that was cut", () => {
  /** Test double: a session whose paths answer from the n-th look on. */
  const answersAtLook = (wanted: number): SystemSession => {
    let looks = 0;
    const proveConnected: SystemSession["proveConnected"] = async () => {
      looks += 1;
      const ok = looks >= wanted;
      return { ok, pairs: [{ from: "a", to: "b", ok, detail: ok ? "connected" : "Connection refused" }] };
    };
    return { proveConnected } as SystemSession;
  };
  const partition = { ...fault("partition"), kind: "NetworkChaos" };

  it("waits for a member that is restarting just then", async () => {
    expect(await provePathBack(answersAtLook(2), partition, never)).toMatchObject({
      ok: true,
      detail: "1 of 1 paths answer",
    });
  });
  it("fails with the last reason when the path stays cut", async () => {
    expect(await provePathBack(answersAtLook(Infinity), partition, never, 0)).toMatchObject({
      ok: false,
      detail: "a to b: Connection refused",
    });
  });
});

describe("the look for a kill's effect", () => {
  const eventsAfter = async (pods: PodAddress[], action = "pod-kill") => {
    const recorder = createRecorder(history().header);
    const intents = [fault(action)];
    const session = {} as SystemSession;
    await lookForEffect({ session, cluster: clusterWith(pods), intents, recorder, signal: never });
    return recorder.history().events.map(({ event }) => event);
  };
  it("finds it in another uid, and in a pod that is gone", async () => {
    expect(await eventsAfter([pod("new", false)])).toEqual(["fault-effective"]);
    expect(await eventsAfter([])).toEqual(["fault-effective"]);
  });
  it("finds a pod that is held down not ready", async () => {
    expect(await eventsAfter([pod("old", false)], "pod-failure")).toEqual(["fault-effective"]);
  });
  it("tells when the pod is still the same", async () => {
    expect(await eventsAfter([pod("old", true)])).toEqual(["fault-without-effect"]);
  }, 20_000);
});
