import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isAftershockError } from "../../src/errors.ts";
import { createRecorder, type Recorder } from "../../src/probes/recorder.ts";
import { redisSentinel } from "../../src/probes/redis-sentinel.ts";
import { keyOf } from "../../src/probes/redis-sentinel/clients.ts";
import type { SystemContext, SystemSession } from "../../src/probes/system.ts";
import type { PartAccess } from "../../src/targets/target.ts";
import { checkWrites } from "../../src/findings/write-counts.ts";
import { secretRef, startSecuredRedisRig, type SecuredRedisRig } from "../support/secured-redis-rig.ts";
import { waitFor } from "../support/stack.ts";

let rig: SecuredRedisRig;
beforeAll(async () => {
  rig = await startSecuredRedisRig();
});
afterAll(() => rig?.stop());

type Parts = SecuredRedisRig["access"];

async function recorded(context: SystemContext): Promise<{ session: SystemSession; recorder: Recorder }> {
  const session = await redisSentinel.open(context);
  const recorder = createRecorder({
    type: "header",
    schemaVersion: 1,
    run: context.runId,
    experiment: "x",
    system: "redis-sentinel",
    zeroAt: new Date().toISOString(),
    ...(await session.describe()),
  });
  return { session, recorder };
}

describe("a Redis with logins and TLS that is asked for in a wrong way", () => {
  const tlsBut = (part: PartAccess, change: Partial<NonNullable<PartAccess["tls"]>>): PartAccess => ({
    ...part,
    tls: { ...part.tls, verify: "full", ...change },
  });
  const cases: Array<[what: string, access: (right: Parts) => Record<string, PartAccess>, says: RegExp, hint: RegExp]> =
    [
      [
        "no login",
        ({ redis: { tls }, sentinel }) => ({ redis: { tls }, sentinel }),
        /\(redis\) does not let the bot in: NOAUTH.*presented: TLS with a client certificate, no user\.$/s,
        /Mend user and password in access\.redis/,
      ],
      [
        "a wrong password",
        ({ redis, sentinel }) => ({ redis: { ...redis, password: secretRef("SENTINEL_PASSWORD") }, sentinel }),
        /\(redis\) does not let the bot in: WRONGPASS.*a user with a password\.$/s,
        /Mend user and password in access\.redis/,
      ],
      [
        "Redis' password for Sentinel, which has its own",
        ({ redis, sentinel }) => ({ redis, sentinel: { ...sentinel, password: secretRef("PASSWORD") } }),
        /\(sentinel\) does not let the bot in: WRONGPASS/,
        /Mend user and password in access\.sentinel/,
      ],
      [
        "no TLS",
        ({ redis, sentinel }) => ({ redis: { ...redis, tls: undefined }, sentinel }),
        /\(redis\) does not let the bot in: like every other, it hangs up.*no TLS/s,
        /Mend port and tls in access\.redis/,
      ],
      [
        "another authority",
        ({ redis, sentinel }) => ({ redis: tlsBut(redis, { ca: secretRef("OTHER_CA") }), sentinel }),
        /its certificate is not signed by the authority that was given/,
        /Mend tls\.ca in access\.redis/,
      ],
      [
        "another server name",
        ({ redis, sentinel }) => ({ redis: tlsBut(redis, { serverName: "redis.example" }), sentinel }),
        /its certificate is for another name/,
        /tls\.serverName/,
      ],
      [
        "no server name, so that the address is compared",
        ({ redis, sentinel }) => ({ redis: tlsBut(redis, { serverName: undefined }), sentinel }),
        /its certificate is for another name/,
        /tls\.serverName/,
      ],
      [
        "no client certificate",
        ({ redis, sentinel }) => ({ redis: tlsBut(redis, { cert: undefined, key: undefined }), sentinel }),
        /it refused the client's certificate, or wants one|it hangs up/,
        /tls\.cert and tls\.key in access\.redis/,
      ],
    ];
  it.each(cases)("says so: %s", async (_what, access, says, hint) => {
    const error = await redisSentinel.open(rig.context(access(rig.access))).catch((cause: unknown) => cause);
    if (!isAftershockError(error)) throw error;
    expect(error.code).toBe("system_unreachable");
    expect(error.message).toMatch(says);
    expect(error.message).toMatch(/^redis-node-\d/);
    expect(error.hint).toMatch(hint);
    for (const secret of Object.values(rig.secrets)) expect(error.message + error.hint).not.toContain(secret);
  });
  it("says so: a master that goes by another name", async () => {
    await expect(redisSentinel.open(rig.context({ ...rig.access }, { masterName: "orders" }))).rejects.toMatchObject({
      code: "system_unreachable",
      message: "No Sentinel knows a master called orders.",
      hint: expect.stringContaining("masterName="),
    });
  });
  it("says so: a user of Sentinel who may not hear what it tells; and one who may is let in", async () => {
    const { redis, sentinel } = rig.access;
    const as = (user: string) =>
      rig.context({ redis, sentinel: { ...sentinel, user, password: secretRef("PASSWORD") } });
    const error = await redisSentinel.open(as("deaf")).catch((cause: unknown) => cause);
    expect(error).toMatchObject({
      code: "system_unreachable",
      message: expect.stringMatching(/\(sentinel\).*NOPERM/s),
    });
    const session = await redisSentinel.open(as("probe"));
    expect(await session.guard("sentinel-quorum", {})).toMatchObject({ ok: true });
  });
  it("says so: a user without a right that the probes need, and before anything is written", async () => {
    for (const { name } of rig.pods) rig.cli(name, "redis", "ACL", "SETUSER", "probe", "-role");
    try {
      const error = await redisSentinel.open(rig.context({ ...rig.access })).catch((cause: unknown) => cause);
      expect(error).toMatchObject({
        code: "system_unreachable",
        message: expect.stringMatching(/NOPERM.*'role'/s),
      });
    } finally {
      for (const { name } of rig.pods) rig.cli(name, "redis", "ACL", "SETUSER", "probe", "+role");
    }
  });
  it("says so: a user that may read and not write, before the first fault", async () => {
    for (const { name } of rig.pods) rig.cli(name, "redis", "ACL", "SETUSER", "probe", "-rpush");
    try {
      const { session, recorder } = await recorded(rig.context({ ...rig.access }));
      const error = await session.start(recorder).catch((cause: unknown) => cause);
      expect(error).toMatchObject({ code: "system_unreachable", message: expect.stringMatching(/NOPERM.*'rpush'/s) });
    } finally {
      for (const { name } of rig.pods) rig.cli(name, "redis", "ACL", "SETUSER", "probe", "+rpush");
    }
  });
});

describe("a Redis with logins and TLS, a Sentinel in each member's pod", () => {
  const groups = async (session: SystemSession) => (await session.topology()).groups;
  it("is planned with every pod on one side: the master's own Sentinel goes with it", async () => {
    const session = await redisSentinel.open(rig.context({ ...rig.access }));
    const { groups: found, summary } = await session.topology();
    const all = rig.pods.map(({ name }) => name);
    expect(found["master"]).toHaveLength(1);
    expect(found["replicas"]).toHaveLength(2);
    expect(found["sentinels"]).toEqual(all.filter((name) => name !== found["master"]?.[0]));
    expect(summary).toContain("3 Sentinels (one in the master's pod)");
  });
  it("holds its guards, reads its settings, and proves its paths", async () => {
    const session = await redisSentinel.open(rig.context({ ...rig.access }));
    for (const id of ["one-master", "replica-online", "replication-lag", "sentinel-quorum", "consensus-settings"]) {
      expect(await session.guard(id, {}), id).toMatchObject({ ok: true });
    }
    const settings = await session.settings();
    expect(settings.filter(({ value }) => value === "unknown")).toEqual([]);
    expect(settings.filter(({ name }) => name === "quorum")).toHaveLength(3);
    const { master = [], replicas = [], sentinels = [] } = await groups(session);
    expect(await session.proveConnected(master, [...new Set([...replicas, ...sentinels])])).toMatchObject({ ok: true });
  });
  it("proves no path to a port where nobody listens", async () => {
    const { redis, sentinel } = rig.access;
    const elsewhere = rig.context({ redis, sentinel });
    const session = await redisSentinel.open({
      ...elsewhere,
      access: { ...elsewhere.access, listening: () => ({ port: 1, tls: "mutual" }) },
    });
    expect((await session.proveConnected(["redis-node-0"], ["redis-node-1"])).ok).toBe(false);
  });
  it("stops when too few Sentinels are left beside the master's own", async () => {
    const session = await redisSentinel.open(rig.context({ ...rig.access }));
    const { replicas = [] } = await groups(session);
    const [away = ""] = replicas;
    rig.signal(away, "sentinel", "SIGSTOP");
    const result = await session.guard("sentinel-quorum", {}).finally(() => rig.signal(away, "sentinel", "SIGCONT"));
    expect(result).toMatchObject({ ok: false, measured: expect.stringContaining("2 of 3 Sentinels answer (one in") });
    await waitFor(
      () => session.guard("sentinel-quorum", {}),
      ({ ok }) => ok,
      5000,
    );
  });
  it("is written to and read, follows a failover by names, and is read back from every member", async () => {
    const { session, recorder } = await recorded(rig.context({ ...rig.access }));
    const before = (await groups(session))["master"]?.[0];
    const probes = await session.start(recorder);
    const follower = () => probes.status().clients.find(({ client }) => client === "follower");
    await waitFor(
      async () => follower()?.ok ?? 0,
      (ok) => ok > 20,
      5000,
    );
    rig.cli("redis-node-0", "sentinel", "SENTINEL", "FAILOVER", "mymaster");
    await waitFor(
      async () => follower()?.member ?? before,
      (member) => member !== before,
      20_000,
    );
    const moved = follower()?.ok ?? 0;
    await waitFor(
      async () => follower()?.ok ?? 0,
      (ok) => ok > moved + 20,
      10_000,
    );
    await probes.stop();
    const converged = await session.awaitConvergence(recorder, 30_000, new AbortController().signal);
    expect(converged).toMatchObject({ converged: true });
    const reads = await session.finalReads(recorder);
    expect(reads.filter(({ error }) => error !== undefined)).toEqual([]);
    for (const read of reads) recorder.finalRead(read);
    const told = recorder.history().events.filter(({ event }) => event === "+switch-master");
    expect(told.map(({ detail }) => detail["from"])).toContain(before);
    expect(rig.pods.map(({ name }) => name)).toContain(told[0]?.detail["to"]);
    const follow = checkWrites(recorder.history()).find(({ client }) => client === "follower");
    expect(follow?.counts.acknowledged).toBeGreaterThan(40);
    expect(follow?.counts.lost).not.toBeNull();
    await session.cleanUp();
    const master = (await groups(session))["master"]?.[0] ?? "";
    expect(rig.cli(master, "redis", "EXISTS", keyOf(recorder.history().header.run, "follower"))).toBe("0");
  }, 90_000);
  it("counts a login that is taken away in a run as failed, certainly not applied", async () => {
    const { session, recorder } = await recorded(rig.context({ ...rig.access }));
    const probes = await session.start(recorder);
    for (const { name } of rig.pods) {
      rig.cli(name, "redis", "ACL", "SETUSER", "probe", "resetpass", ">another-password-now");
      rig.cli(name, "redis", "CLIENT", "KILL", "USER", "probe");
    }
    try {
      const refused = () => recorder.history().operations.filter(({ error }) => error === "not-authorized");
      await waitFor(
        async () => refused().length,
        (count) => count > 5,
        10_000,
      );
      expect(refused().every(({ outcome }) => outcome === "fail")).toBe(true);
    } finally {
      for (const { name } of rig.pods) {
        rig.cli(name, "redis", "ACL", "SETUSER", "probe", "resetpass", `>${rig.secrets["PASSWORD"]}`);
      }
      await probes.stop();
      await session.cleanUp();
    }
  });
});
