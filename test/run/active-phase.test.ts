import { describe, expect, it } from "vitest";
import type { Cluster } from "../../src/cluster/port.ts";
import type { Experiment } from "../../src/experiment/schema.ts";
import { createRecorder } from "../../src/probes/recorder.ts";
import type { Exercise, RunningProbes, SystemSession } from "../../src/probes/system.ts";
import { keepFault } from "../../src/run/active-phase.ts";
import { exerciseOf } from "../../src/run/exercise.ts";
import type { RunEventBody } from "../../src/run/events.ts";
import type { Intent } from "../../src/run/faults/fault-kind.ts";
import type { Journal } from "../../src/run/journal.ts";
import type { Ownership } from "../../src/run/ownership.ts";
import { history } from "../support/history-builder.ts";

const dead = { id: "dead", title: "No write", client: "follower", okRatioBelow: 0.5, forMs: 3000 };

/** Test doubles throughout: the phase is tried without a cluster or a database, which the end-to-end tests have. */
function phase(options: {
  exercise?: Exercise;
  intents?: readonly Intent[];
  cluster?: Partial<Cluster>;
  durationMs?: number;
  stop?: AbortController;
  /** Of the one client, by the second, and whether the way to its pods broke within so long. */
  okRatio?: number[];
  brokeWithin?: (durationMs: number) => boolean;
}) {
  const told: RunEventBody[] = [];
  const journal = { say: async (...events: RunEventBody[]) => void told.push(...events) } as Journal;
  const recorder = createRecorder(history().header);
  const { exercise, intents = [] } = options;
  const session = (exercise === undefined ? {} : { exercise }) as SystemSession;
  const stop = options.stop ?? new AbortController();
  const ownership = {
    lost: new AbortController().signal,
    stop: stop.signal,
    requestStop: () => stop.abort(),
  } as unknown as Ownership;
  const ended = keepFault({
    ownership,
    journal,
    cluster: (options.cluster ?? {}) as Cluster,
    experiment: { faults: intents, stopConditions: [dead] } as unknown as Experiment,
    intents,
    probes: {
      status: () => ({
        atMs: 0,
        clients: options.okRatio === undefined ? [] : [{ client: "follower", okRatio: options.okRatio }],
      }),
    } as unknown as RunningProbes,
    ...(options.brokeWithin === undefined ? {} : { way: { brokeWithin: options.brokeWithin } }),
    recorder,
    exercise: exerciseOf(session, recorder, journal),
    durationMs: options.durationMs ?? 60_000,
  });
  return { ended, told, recorder };
}

const pod = { name: "postgresql-0", namespace: "database", uid: "u", host: "10.0.0.1", labels: {}, ready: true };
const ioIntent: Intent = {
  faultId: "slow",
  cluster: "lab",
  kind: "IOChaos",
  namespace: "database",
  name: "run-1-slow",
  manifest: {
    apiVersion: "chaos-mesh.org/v1alpha1",
    kind: "IOChaos",
    metadata: { name: "run-1-slow" },
    spec: { action: "latency", containerNames: ["postgresql"] },
  },
  targets: {
    subject: [{ pod: "postgresql-0", uid: "u", host: "10.0.0.1", containerIds: { postgresql: "one" } }],
    target: [],
  },
};
const injected = {
  status: {
    experiment: {
      desiredPhase: "Run",
      containerRecords: [
        { id: "database/postgresql-0/postgresql", phase: "Injected", injectedCount: 1, recoveredCount: 0 },
      ],
    },
  },
};
const clusterWith = (containerId: string): Partial<Cluster> => ({
  pods: async () => [{ ...pod, containerIds: { postgresql: containerId } }],
  getChaos: async () => ({ ...ioIntent.manifest, ...injected }),
});

describe("a run without faults", () => {
  it("is over when its exercise is, long before its duration", async () => {
    const { ended } = phase({ exercise: { during: async () => undefined } });
    expect(await ended).toBeNull();
  });
  it("says so when the work was not done in time, and tells the work to end", async () => {
    let told = false;
    const during: Exercise["during"] = ({ signal }) =>
      new Promise((resolve) => signal.addEventListener("abort", () => resolve(void (told = true))));
    const { ended } = phase({ exercise: { during }, durationMs: 20 });
    expect(await ended).toMatch(/not done when the duration was over/);
    expect(told).toBe(true);
  });
  it("fails with what went wrong in the work", async () => {
    const { ended } = phase({ exercise: { during: () => Promise.reject(new Error("no space left")) } });
    await expect(ended).rejects.toThrow("no space left");
  });
  it("does not wait for work that ignores a stop", async () => {
    const stop = new AbortController();
    const { ended } = phase({ exercise: { during: () => new Promise(() => undefined) }, stop });
    stop.abort();
    expect(await ended).toBeNull();
  });
  it("tells in the thread what the work records", async () => {
    const during: Exercise["during"] = async ({ recorder }) =>
      recorder.event({ atMs: 1, source: "run", event: "backup", detail: { rows: 1000 } });
    const { ended, told, recorder } = phase({ exercise: { during } });
    await ended;
    expect(told).toContainEqual({ type: "system", atMs: 1, source: "run", event: "backup", detail: { rows: 1000 } });
    expect(recorder.history().events.map(({ event }) => event)).toContain("backup");
  });
});

describe("a fault on a container's files", () => {
  it("lasts its time when nothing changes", async () => {
    const { ended, told } = phase({ intents: [ioIntent], cluster: clusterWith("one"), durationMs: 50 });
    expect(await ended).toBeNull();
    expect(told).toEqual([]);
  });
  it("is noted once as ended when the container was started anew, and the run goes on", async () => {
    const { ended, told } = phase({ intents: [ioIntent], cluster: clusterWith("two"), durationMs: 1200 });
    expect(await ended).toBeNull();
    expect(told).toHaveLength(1);
    expect(told).toMatchObject([
      {
        event: "fault-ended",
        detail: { what: expect.stringMatching(/container postgresql/), afterMs: expect.any(Number) },
      },
    ]);
  });
  it("ends the run when somebody deleted the object", async () => {
    const cluster = { ...clusterWith("one"), getChaos: async () => null };
    const { ended } = phase({ intents: [ioIntent], cluster, durationMs: 5000 });
    expect(await ended).toMatch(/somebody deleted the object/);
  });
});

describe("a stop condition of the probes", () => {
  const okRatio = [0, 0, 0];
  it("fires, though not while the way to the pods is down or has just come back", async () => {
    const fires = phase({ okRatio });
    await fires.ended;
    expect(fires.told).toMatchObject([{ type: "stop-condition", id: "dead" }]);
    const asked: number[] = [];
    const blind = phase({
      okRatio,
      durationMs: 800,
      brokeWithin: (durationMs) => {
        asked.push(durationMs);
        return true;
      },
    });
    expect(await blind.ended).toBeNull();
    expect(blind.told).toEqual([]);
    // Its window, and the time to connect again.
    expect(asked[0]).toBe(5000);
  });
});
