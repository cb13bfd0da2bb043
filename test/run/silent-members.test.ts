import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Cluster } from "../../src/cluster/port.ts";
import { loadExperiments } from "../../src/experiment/load.ts";
import type { Experiment } from "../../src/experiment/schema.ts";
import { etcd } from "../../src/probes/etcd.ts";
import { openEndpoint } from "../../src/probes/etcd/endpoint.ts";
import { clientPort } from "../../src/probes/etcd/http.ts";
import { redisSentinel } from "../../src/probes/redis-sentinel.ts";
import type { PodAddress, SystemAdapter } from "../../src/probes/system.ts";
import { makePlan } from "../../src/run/planner.ts";
import { createRegistry } from "../../src/run/systems.ts";
import { endChildren } from "../support/end-children.ts";
import { latchCluster } from "../support/latch-cluster.ts";
import { startRedisRig, type RedisRig } from "../support/redis-rig.ts";
import { waitFor } from "../support/stack.ts";

/** Members that do not answer are real servers that were stopped (SIGSTOP): connections are taken, answers never come. */
let experiments: readonly Experiment[];
beforeAll(async () => {
  experiments = await loadExperiments(fileURLToPath(new URL("../../jobs", import.meta.url)));
});
const planOn = (system: SystemAdapter, pods: readonly PodAddress[]) => async (experiment: Experiment) => {
  const selected = async (_namespace: string, _signal?: AbortSignal, selector?: string): Promise<PodAddress[]> =>
    pods.filter(({ labels }) => selector === undefined || selector === `app=${labels["app"]}`);
  const cluster = { ...latchCluster("lab").cluster, pods: selected } as unknown as Cluster;
  const registry = createRegistry({ experiments, clusters: [cluster], systems: [system] });
  return (await makePlan(registry, { experiment, typed: {}, cluster: "lab", approvalsNeeded: 1 })).plan;
};
const named = (name: string): Experiment => {
  const found = experiments.find((experiment) => experiment.name === name);
  if (found === undefined) throw new Error(`no experiment ${name}`);
  return found;
};
/** The experiment with one fault that kills the pods of a group. */
const killing = (name: string, group: string): Experiment => ({
  ...named(name),
  faults: [
    {
      id: "kill",
      title: "Kill them",
      kind: "PodChaos",
      subject: [group],
      target: [],
      spec: { action: "pod-kill", gracePeriod: 0 },
    },
  ],
});

describe("a plan on Redis with Sentinel", () => {
  let rig: RedisRig;
  beforeAll(async () => {
    rig = await startRedisRig();
  });
  afterAll(() => rig?.stop());

  it("hits who is master and who is not, when all answer", async () => {
    const plan = await planOn(redisSentinel, rig.pods)(named("redis-split-brain"));
    expect(plan).toMatchObject({ primaries: ["redis-0"], faults: [{ subject: ["redis-0"] }] });
    expect(plan.topology).toMatch(/^master redis-0, replicas redis-1 redis-2, 3 Sentinels, quorum 2$/);
    const others = await planOn(redisSentinel, rig.pods)(killing("redis-failover", "replicas"));
    expect(others).toMatchObject({ primaries: [], faults: [{ subject: ["redis-1", "redis-2"] }] });
  });
  it("is not made while the master and most Sentinels are silent, on the master's group or any other", async () => {
    // Two Sentinels first: with the majority the third would have another master elected.
    const stopped = ["redis-sentinel-0", "redis-sentinel-1", "redis-0"];
    for (const pod of stopped) rig.signal(pod, "SIGSTOP");
    try {
      const plan = planOn(redisSentinel, rig.pods);
      const unknown = {
        code: "system_unreachable",
        message: expect.stringMatching(
          /"master".* not known: no answer from redis-0, redis-sentinel-0, redis-sentinel-1\.$/,
        ),
        hint: "Look, and try again when they answer: kubectl get pods -n cache",
      };
      // The old master among "replicas" would have been planned as a replica, and hit with no regard to other primaries.
      await Promise.all([
        expect(plan(named("redis-split-brain"))).rejects.toMatchObject(unknown),
        expect(plan(killing("redis-failover", "sentinels"))).rejects.toMatchObject(unknown),
        expect(plan(killing("redis-failover", "replicas"))).rejects.toMatchObject({ code: "system_unreachable" }),
      ]);
    } finally {
      for (const pod of stopped) rig.signal(pod, "SIGCONT");
    }
  });
});

describe("a plan on etcd", () => {
  const names = ["etcd-0", "etcd-1", "etcd-2"];
  const base = `127.${20 + Math.floor(Math.random() * 200)}.${Math.floor(Math.random() * 250)}`;
  const pods = names.map((name, at) => ({
    name,
    namespace: "etcd",
    uid: name,
    host: `${base}.${10 + at}`,
    labels: { app: "etcd" },
    ready: true,
  }));
  const members = new Map<string, ChildProcess>();
  const directory = mkdtempSync(join(tmpdir(), "aftershock-test-"));
  const plan = planOn(etcd, pods);
  beforeAll(() => {
    const cluster = pods.map(({ name, host }) => `${name}=http://${host}:2380`).join(",");
    for (const { name, host } of pods) {
      const [client, peer] = [`http://${host}:${clientPort}`, `http://${host}:2380`];
      const args = `--name ${name} --data-dir ${join(directory, name)} --listen-client-urls ${client} --advertise-client-urls ${client} --listen-peer-urls ${peer} --initial-advertise-peer-urls ${peer} --initial-cluster ${cluster} --heartbeat-interval 500 --election-timeout 20000`;
      members.set(name, spawn("etcd", args.split(" "), { stdio: "ignore" }));
    }
  });
  afterAll(async () => {
    await endChildren(members.values());
    rmSync(directory, { recursive: true, force: true });
  });

  it("names the leader when all answer, and nobody when the leader is silent and its followers still follow it", async () => {
    const made = await waitFor(
      () => plan(named("etcd-quorum-loss")).catch(() => null),
      (found) => found !== null,
      60_000,
    );
    const [leader = ""] = made?.primaries ?? [];
    expect(names).toContain(leader);
    members.get(leader)?.kill("SIGSTOP");
    const unknown = {
      code: "system_unreachable",
      message: expect.stringMatching(new RegExp(`not known: no answer from ${leader}\\.$`)),
    };
    const follower = pods.find(({ name }) => name !== leader)?.host ?? "";
    await expect(plan(named("etcd-quorum-loss"))).rejects.toMatchObject(unknown);
    await expect(plan(killing("etcd-quorum-loss", "followers"))).rejects.toMatchObject({ code: "system_unreachable" });
    // What made it hard: the followers answered all the while, with the leader's id.
    const asked = openEndpoint({ host: follower, port: clientPort });
    expect((await asked.call("maintenance/status", {}, { timeoutMs: 1500 }))["leader"]).toMatch(/^[1-9]/);
    await asked.close();
    members.get(leader)?.kill("SIGCONT");
  });
});
