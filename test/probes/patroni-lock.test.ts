import { createServer } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { openHttp } from "../../src/probes/dial-http.ts";
import { etcdLock } from "../../src/probes/patroni/lock-etcd.ts";
import { kubernetesLock } from "../../src/probes/patroni/lock-kubernetes.ts";
import { lockObjectOf } from "../../src/probes/patroni/lock-object.ts";
import { watchPatroni } from "../../src/probes/patroni/watch.ts";
import { AftershockError } from "../../src/errors.ts";

/** Test doubles of etcd members, at addresses of the loopback network: each answers as it is told. */
const servers: Array<{ close(): void }> = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});
interface Answers {
  v3: [status: number, body: object];
  v2?: [status: number, body: object];
}
async function member(host: string, answers: Answers): Promise<{ name: string; host: string }> {
  const server = createServer((request, response) => {
    const [status, body] = (request.url?.startsWith("/v2") === true ? answers.v2 : answers.v3) ?? [404, {}];
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(2379, host, resolve));
  return { name: host, host };
}
const read = (...dcs: Array<{ name: string; host: string }>) =>
  etcdLock({
    dcs: dcs.map((pod) => ({ ...pod, namespace: "database", uid: "", labels: {}, ready: true })),
    scope: "postgresql",
    dial: async (_part, pod) => ({ host: pod, port: 2379 }),
    ask: openHttp(),
    etcdTokens: new Map(),
  }).read(500);
const held = { kvs: [{ value: Buffer.from("postgresql-1").toString("base64") }] };
const noLeader: Answers = { v3: [503, { error: "etcdserver: no leader", code: 14 }], v2: [404, {}] };

describe("the leader lock in etcd", () => {
  it("tells its holder, and the driver by the keys that it is kept under", async () => {
    expect(await read(await member("127.99.98.1", { v3: [200, held] }))).toEqual({
      holder: "postgresql-1",
      driver: "etcd3",
    });
    const old: Answers = { v3: [200, {}], v2: [200, { node: { value: "postgresql-2" } }] };
    expect(await read(await member("127.99.98.2", old))).toEqual({ holder: "postgresql-2", driver: "etcd" });
  });
  it("is free only when an answer says so", async () => {
    expect(await read(await member("127.99.98.3", { v3: [200, {}], v2: [404, { errorCode: 100 }] }))).toEqual({
      holder: null,
      driver: null,
    });
  });
  it("is not called free by a member that has no leader: the next one is asked, and without another it is not known", async () => {
    const leaderless = await member("127.99.98.4", noLeader);
    expect(await read(leaderless)).toMatchObject({ holder: undefined, nowhere: false });
    const sound = await member("127.99.98.5", { v3: [200, held] });
    expect((await read(leaderless, sound)).holder).toBe("postgresql-1");
  });
  it("is nowhere without an etcd, which says what else it may be", async () => {
    expect(await read()).toMatchObject({
      holder: undefined,
      nowhere: true,
      why: expect.stringMatching(/lock=endpoints/),
    });
  });
});

/** Annotations as Patroni writes them (patroni v4.1.4, patroni/dcs/kubernetes.py, attempt_to_acquire_leader, update_leader). */
const record = {
  leader: "postgresql-1",
  ttl: "20",
  acquireTime: "2026-11-25T10:00:00.000000+00:00",
  renewTime: "2026-11-25T10:00:10.000000+00:00",
  transitions: "3",
  optime: "100",
};

/** A test double of the API's object, and a clock that only the test moves; the real API is in test/rbac/target-lock.test.ts. */
function inKubernetes(annotations: Record<string, string> | null) {
  const world: { annotations: Record<string, string> | null; nowMs: number; fails?: Error; asked: string[] } = {
    annotations,
    nowMs: 0,
    asked: [],
  };
  const annotationsOf = async (kind: string, name: string) => {
    world.asked.push(`${kind}/${name}`);
    if (world.fails !== undefined) throw world.fails;
    return world.annotations;
  };
  const lock = kubernetesLock({ annotationsOf }, { kind: "Endpoints", name: "postgresql" }, () => world.nowMs);
  return { world, lock, holder: async () => (await lock.read(500)).holder };
}

describe("the leader lock in the Kubernetes API", () => {
  it("is in the object that Patroni names by its scope", () => {
    expect(lockObjectOf({ lock: "endpoints", scope: "acid-orders" })).toEqual({
      kind: "Endpoints",
      name: "acid-orders",
    });
    expect(lockObjectOf({ lock: "configmap", scope: "hippo-ha" })).toEqual({
      kind: "ConfigMap",
      name: "hippo-ha-leader",
    });
    expect(lockObjectOf({ lock: "etcd", scope: "hippo-ha" })).toBeNull();
    expect(lockObjectOf({})).toBeNull();
  });
  it("is held for the ttl from when its record was last seen to change, whatever time the holder wrote", async () => {
    const { world, lock, holder } = inKubernetes(record);
    expect(await lock.read(500)).toEqual({ holder: "postgresql-1", driver: "kubernetes" });
    expect(world.asked).toEqual(["Endpoints/postgresql"]);
    world.nowMs = 15_000;
    // A clock that is years behind: only that it changed counts.
    world.annotations = { ...record, renewTime: "1999-01-01T00:00:00+00:00" };
    expect(await holder()).toBe("postgresql-1");
    world.nowMs = 35_000;
    expect(await holder()).toBe("postgresql-1");
    world.nowMs = 35_001;
    expect(await lock.read(500)).toMatchObject({ holder: null, because: expect.stringContaining("ttl of 20 s") });
    world.annotations = { ...record, leader: "postgresql-2", transitions: "4" };
    expect(await holder()).toBe("postgresql-2");
  });
  it("was free when another holds it at the next look, at the latest since just now", async () => {
    const { world, lock } = inKubernetes(record);
    await lock.read(500);
    world.nowMs = 20_100;
    world.annotations = { ...record, leader: "postgresql-2" };
    expect(await lock.read(500)).toMatchObject({ holder: "postgresql-2", freeForMs: 100 });
    expect(await lock.read(500)).not.toHaveProperty("freeForMs");
    // It gave its lock up, and that was not seen.
    world.annotations = { ...record, leader: "postgresql-0" };
    expect(await lock.read(500)).toMatchObject({ holder: "postgresql-0", freeForMs: 0 });
    world.annotations = { ...world.annotations, renewTime: "later" };
    expect(await lock.read(500)).not.toHaveProperty("freeForMs");
  });
  it("is not renewed by annotations that are none of the leader's record", async () => {
    const { world, holder } = inKubernetes(record);
    await holder();
    world.nowMs = 20_001;
    world.annotations = { ...record, optime: "200", slots: "{}" };
    expect(await holder()).toBeNull();
  });
  it("lasts 30 s where the record has no ttl that can be read", async () => {
    const { world, holder } = inKubernetes({ ...record, ttl: "soon" });
    await holder();
    world.nowMs = 30_000;
    expect(await holder()).toBe("postgresql-1");
    world.nowMs = 30_001;
    expect(await holder()).toBeNull();
  });
  it("is held by nobody where a leader has taken its name out, and where there is no such object", async () => {
    const { leader: _gone, ...without } = record;
    const { world, lock, holder } = inKubernetes(without);
    expect(await lock.read(500)).toMatchObject({ holder: null, because: "Endpoints postgresql names no leader" });
    world.annotations = null;
    expect(await lock.read(500)).toMatchObject({ holder: null, because: "there is no Endpoints postgresql" });
    world.annotations = record;
    expect(await holder()).toBe("postgresql-1");
  });
  it("is not known while it cannot be read, which does not lengthen it", async () => {
    const { world, lock, holder } = inKubernetes(record);
    await holder();
    world.nowMs = 19_000;
    world.fails = new AftershockError("cluster_refused", "Cluster lab refused it.", "Grant it.");
    expect(await lock.read(500)).toEqual({
      holder: undefined,
      nowhere: false,
      why: "the lock could not be read: Cluster lab refused it.",
      hint: "The right is printed where a target's parameters have lock: endpoints or configmap. Grant it.",
    });
    world.nowMs = 20_001;
    delete world.fails;
    expect(await holder()).toBeNull();
  });
  it("is told by the watch as free before another's, though it was never seen so", async () => {
    const { world, lock } = inKubernetes(record);
    const told: unknown[] = [];
    const tell: Parameters<typeof watchPatroni>[3] = ({ atMs, detail }) => told.push([atMs, detail["holder"]]);
    const watch = watchPatroni({ pods: [] } as never, lock, () => world.nowMs, tell);
    await expect.poll(() => told.length).toBe(1);
    world.annotations = { ...record, leader: "postgresql-2" };
    world.nowMs = 20_100;
    await expect.poll(() => told.length).toBe(3);
    watch.stop();
    expect(told).toEqual([
      [0, "postgresql-1"],
      [20_000, null],
      [20_100, "postgresql-2"],
    ]);
  });
  it("is told by the watch when it expires and when it is taken, with its source", async () => {
    const { world, lock } = inKubernetes(record);
    const told: unknown[] = [];
    const watch = watchPatroni(
      { pods: [] } as never,
      lock,
      () => world.nowMs,
      ({ atMs, source, event, detail }) => told.push([atMs, source, event, detail["holder"]]),
    );
    await expect.poll(() => told.length).toBe(1);
    world.nowMs = 20_001;
    await expect.poll(() => told.length).toBe(2);
    world.nowMs = 21_000;
    world.annotations = { ...record, leader: "postgresql-2" };
    await expect.poll(() => told.length).toBe(3);
    watch.stop();
    expect(told).toEqual([
      [0, "kubernetes", "lock", "postgresql-1"],
      [20_001, "kubernetes", "lock", null],
      [21_000, "kubernetes", "lock", "postgresql-2"],
    ]);
  });
});
