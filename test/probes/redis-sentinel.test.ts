import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createRecorder, type Recorder } from "../../src/probes/recorder.ts";
import { redisSentinel } from "../../src/probes/redis-sentinel.ts";
import { keyOf } from "../../src/probes/redis-sentinel/clients.ts";
import { bareConnection } from "../../src/probes/redis-sentinel/connection.ts";
import { openEndpoint } from "../../src/probes/redis-sentinel/endpoint.ts";
import { findPods, type RedisPods } from "../../src/probes/redis-sentinel/pods.ts";
import { classifyReadError, classifyWriteError } from "../../src/probes/redis-sentinel/outcome.ts";
import type { SystemContext, SystemSession } from "../../src/probes/system.ts";
import { checkWrites } from "../../src/findings/write-counts.ts";
import { startRedisRig, type RedisRig } from "../support/redis-rig.ts";
import { waitFor } from "../support/stack.ts";

let rig: RedisRig;
beforeAll(async () => {
  rig = await startRedisRig();
});
afterAll(() => rig?.stop());

const hostOf = (pod: string): string => rig.pods.find((candidate) => candidate.name === pod)?.host ?? "";
const masterNow = (): string => {
  const [ip = ""] = rig.cli("redis-sentinel-0", "SENTINEL", "GET-MASTER-ADDR-BY-NAME", "mymaster").split("\n");
  return rig.pods.find((pod) => pod.host === ip)?.name ?? "";
};
async function open(context: SystemContext): Promise<{ session: SystemSession; recorder: Recorder }> {
  const session = await redisSentinel.open(context);
  const described = await session.describe();
  const recorder = createRecorder({
    type: "header",
    schemaVersion: 1,
    run: context.runId,
    experiment: "x",
    system: "redis-sentinel",
    zeroAt: new Date().toISOString(),
    ...described,
  });
  return { session, recorder };
}
const settled = () =>
  waitFor(
    async () => rig.cli(masterNow() || "redis-0", "INFO", "replication"),
    (info) => info.includes("role:master") && (info.match(/state=online/g) ?? []).length === 2,
    40_000,
  );

describe("what an error of a write proves, on real servers", () => {
  const write = async (pod: string, before?: () => void): Promise<unknown> => {
    const redis = bareConnection({ host: hostOf(pod), port: 6379 }, 600);
    try {
      await redis.connect();
      before?.();
      const pending = redis.rpush("probe-test", "1");
      return await pending.catch((error: unknown) => error);
    } catch (error) {
      return error;
    } finally {
      redis.disconnect();
    }
  };
  it("a replica's READONLY: certainly not applied", async () => {
    expect(classifyWriteError(await write("redis-1"))).toEqual({ outcome: "fail", error: "READONLY" });
  });
  it("NOREPLICAS: certainly not applied", async () => {
    rig.cli("redis-0", "CONFIG", "SET", "min-replicas-to-write", "3");
    const error = await write("redis-0");
    rig.cli("redis-0", "CONFIG", "SET", "min-replicas-to-write", "0");
    expect(classifyWriteError(error)).toEqual({ outcome: "fail", error: "NOREPLICAS" });
  });
  it("a refused connection: nothing is sent, and the reason is known", async () => {
    const found = await findPods(rig.context());
    const gone: RedisPods = { ...found, dial: async () => ({ host: hostOf("redis-0"), port: 1 }) };
    const endpoint = openEndpoint({
      pods: gone,
      pod: "redis-0",
      timeoutMs: 300,
      role: "any",
      onMember: () => undefined,
    });
    await endpoint.tried;
    expect(endpoint.redis()).toBeNull();
    expect(endpoint.problem()).toBe("refused");
    endpoint.close();
  });
  it("an endpoint that must be master refuses a replica", async () => {
    const pods = await findPods(rig.context());
    const endpoint = openEndpoint({
      pods,
      pod: "redis-1",
      timeoutMs: 300,
      role: "master-only",
      onMember: () => undefined,
    });
    await endpoint.tried;
    expect(endpoint.redis()).toBeNull();
    expect(endpoint.problem()).toBe("not-master");
    endpoint.close();
  });
  it("a server that does not answer: unknown, for a write; failed, for a read", async () => {
    const error = await write("redis-2", () => rig.signal("redis-2", "SIGSTOP"));
    rig.signal("redis-2", "SIGCONT");
    expect(classifyWriteError(error)).toEqual({ outcome: "unknown", error: "timeout" });
    expect(classifyReadError(error)).toEqual({ outcome: "fail", error: "timeout" });
  });
  it("a connection that broke before the answer: unknown", async () => {
    const redis = bareConnection({ host: hostOf("redis-0"), port: 6379 }, 2000);
    await redis.connect();
    const id = rig
      .cli("redis-0", "CLIENT", "LIST")
      .split("\n")
      .find((line) => line.includes("cmd=NULL"))
      ?.match(/id=(\d+)/)?.[1];
    rig.cli("redis-0", "CLIENT", "PAUSE", "500");
    const pending = redis.rpush("probe-test", "1").catch((cause: unknown) => cause);
    expect(id).toBeDefined();
    redis.stream.destroy();
    expect(classifyWriteError(await pending).outcome).toBe("unknown");
    redis.disconnect();
  });
});

describe("guards, on real servers", () => {
  const guard = async (id: string, bounds: Record<string, number> = {}) =>
    (await redisSentinel.open(rig.context())).guard(id, bounds);
  it.each(["one-master", "replica-online", "replication-lag", "sentinel-quorum"])(
    "%s holds on a healthy system, with figures",
    async (id) => {
      await waitFor(
        () => guard(id),
        (result) => result.ok,
        15_000,
      );
      expect((await guard(id)).measured).toMatch(/redis-0|\d/);
    },
  );
  it("replica-online fires when too few are online", async () => {
    expect(await guard("replica-online", { min: 3 })).toMatchObject({ ok: false, bound: "at least 3" });
  });
  it("replication-lag fires above its bound, by offsets", async () => {
    rig.signal("redis-2", "SIGSTOP");
    rig.cli("redis-0", "SET", "big", "x".repeat(50_000));
    const result = await waitFor(
      () => guard("replication-lag", { maxBytes: 1000 }),
      (value) => !value.ok,
      5000,
    ).finally(() => rig.signal("redis-2", "SIGCONT"));
    expect(result.measured).toMatch(/redis-2 \d{5,} bytes/);
  });
  it("one-master fires for two masters, and when a member is silent", async () => {
    rig.cli("redis-2", "REPLICAOF", "NO", "ONE");
    expect(await guard("one-master")).toMatchObject({
      ok: false,
      measured: expect.stringContaining("redis-0, redis-2"),
    });
    rig.cli("redis-2", "REPLICAOF", hostOf("redis-0"), "6379");
    await waitFor(
      () => guard("one-master"),
      (result) => result.ok,
      20_000,
    );
  });
  it("sentinel-quorum fires when most Sentinels are gone", async () => {
    for (const pod of ["redis-sentinel-1", "redis-sentinel-2"]) rig.signal(pod, "SIGSTOP");
    const result = await guard("sentinel-quorum").finally(() => {
      for (const pod of ["redis-sentinel-1", "redis-sentinel-2"]) rig.signal(pod, "SIGCONT");
    });
    expect(result).toMatchObject({ ok: false, measured: expect.stringContaining("1 of 3 Sentinels answer") });
  });
  it("an unknown guard names those there are", async () => {
    await expect(guard("no-such")).rejects.toMatchObject({
      code: "bad_experiment",
      hint: expect.stringContaining("one-master"),
    });
  });
  it("a namespace without such pods is told with the command to look", async () => {
    await expect(redisSentinel.open(rig.context({ appLabel: "none" }))).rejects.toMatchObject({
      code: "system_unreachable",
      hint: expect.stringContaining("kubectl get pods"),
    });
  });
});

describe("settings", () => {
  it("come from the live servers, members and Sentinels", async () => {
    rig.cli("redis-1", "CONFIG", "SET", "min-replicas-max-lag", "7");
    const settings = await (await redisSentinel.open(rig.context())).settings();
    expect(settings).toContainEqual({ type: "setting", member: "redis-1", name: "min-replicas-max-lag", value: "7" });
    expect(settings).toContainEqual({
      type: "setting",
      member: "redis-sentinel-2",
      name: "down-after-milliseconds",
      value: "1000",
    });
    expect(settings).toContainEqual({ type: "setting", member: "redis-sentinel-0", name: "quorum", value: "2" });
  });
});

describe("the data path", () => {
  it("is proven by answers, and not when one side is silent", async () => {
    const session = await redisSentinel.open(rig.context());
    expect(await session.proveConnected(["redis-0"], ["redis-1", "redis-sentinel-0"])).toMatchObject({
      ok: true,
      pairs: expect.arrayContaining([{ from: "redis-1", to: "redis-0", ok: true, detail: "PONG" }]),
    });
    rig.signal("redis-1", "SIGSTOP");
    const proof = await session
      .proveConnected(["redis-0"], ["redis-1"])
      .finally(() => rig.signal("redis-1", "SIGCONT"));
    expect(proof.ok).toBe(false);
    expect((await session.proveConnected([], [])).ok).toBe(false);
  });
});

describe("a run of the clients across a real failover", () => {
  it("the follower follows, the pinned one meets READONLY, and what was acknowledged is read back", async () => {
    await settled();
    const context = rig.context();
    const { session, recorder } = await open(context);
    const before = masterNow();
    const probes = await session.start(recorder);
    await waitFor(
      async () => recorder.now(),
      (now) => now > 1500,
      5000,
    );
    rig.cli("redis-sentinel-0", "SENTINEL", "FAILOVER", "mymaster");
    await waitFor(
      async () => masterNow(),
      (name) => name !== "" && name !== before,
      15_000,
    );
    const converged = await session.awaitConvergence(recorder, 40_000, context.signal);
    expect(converged).toMatchObject({ converged: true });
    await waitFor(
      async () => probes.status().clients.find((client) => client.client === "follower")?.member,
      (member) => member === masterNow(),
      5000,
    );
    await probes.stop();
    for (const read of await session.finalReads(recorder)) recorder.finalRead(read);
    const history = recorder.history();

    const events = new Set(history.events.map((event) => event.event));
    expect([...events]).toEqual(
      expect.arrayContaining(["+switch-master", "role", "link", "client-master", "converged"]),
    );
    const pinned = history.operations.filter((op) => op.client === "pinned");
    expect(pinned.some((op) => op.error === "READONLY")).toBe(true);
    expect(new Set(pinned.map((op) => op.member))).toEqual(new Set([before]));
    const follower = history.operations.filter((op) => op.client === "follower" && op.outcome === "ok");
    expect(follower.at(-1)?.member).toBe(masterNow());
    // Every operation that was due is booked once, under rising numbers, from the very first.
    expect(pinned.map((op) => op.seq).toSorted((a, b) => a - b)).toEqual(pinned.map((_op, at) => at + 1));
    expect(history.operations.filter((op) => op.plannedMs < 1000 && op.outcome !== "ok")).toEqual([]);
    for (const schedule of history.schedules) expect(schedule.planned).toBe(schedule.sent + schedule.notSent);

    // What the servers themselves say, by redis-cli.
    for (const client of ["follower", "pinned"]) {
      const own = rig
        .cli(masterNow(), "LRANGE", keyOf(context.runId, client), "0", "-1")
        .split("\n")
        .map(Number)
        .filter((n) => n > 0);
      const read = history.finalReads.find((entry) => entry.client === client && entry.authoritative);
      expect(read?.ranges.reduce((sum, [from, to]) => sum + to - from + 1, 0)).toBe(own.length);
      const counts = checkWrites(history).find((entry) => entry.client === client)?.counts;
      expect(counts?.acknowledged).toBeGreaterThan(100);
      // SENTINEL FAILOVER does not stop the old master first, so a few may be lost even here; the count must be true.
      const acknowledged = history.operations
        .filter((op) => op.client === client && op.outcome === "ok")
        .map((op) => op.seq);
      const missing = acknowledged.filter((seq) => !own.includes(seq)).length;
      expect(counts).toMatchObject({ lost: missing, duplicated: 0, unexpected: 0 });
    }
    await session.cleanUp();
    expect(rig.cli(masterNow(), "EXISTS", keyOf(context.runId, "follower"))).toBe("0");
  });

  it("does not call it converged while a replica is down", async () => {
    await settled();
    const context = rig.context();
    const { session, recorder } = await open(context);
    const replica = ["redis-0", "redis-1", "redis-2"].find((pod) => pod !== masterNow()) ?? "";
    rig.signal(replica, "SIGSTOP");
    const result = await session
      .awaitConvergence(recorder, 1500, context.signal)
      .finally(() => rig.signal(replica, "SIGCONT"));
    expect(result).toMatchObject({ converged: false, summary: expect.stringContaining(replica) });
  });
});
