import { describe, expect, it } from "vitest";
import { plainAccess } from "../../src/probes/access.ts";
import { judgePatroniGuard, type PatroniEvidence } from "../../src/probes/patroni/guards.ts";
import { leaderLock, type LockReading } from "../../src/probes/patroni/lock.ts";
import { noEtcd } from "../../src/probes/patroni/no-etcd.ts";
import { emptyGroup } from "../../src/run/empty-group.ts";
import {
  findPatroniPods,
  labelledPrimary,
  onlyPrimary,
  patroniDisagreements,
  readView,
  type PatroniView,
} from "../../src/probes/patroni/members.ts";
import { topologyOf } from "../../src/probes/patroni.ts";
import { classifyPostgresError } from "../../src/probes/patroni/outcome.ts";
import { podRenewal } from "../../src/probes/renew-pods.ts";
import type { PodAddress, SystemContext } from "../../src/probes/system.ts";
import { tableOf } from "../../src/probes/patroni/clients.ts";

const view = (pod: string, change: Partial<PatroniView> = {}): PatroniView => ({
  pod,
  reachable: true,
  role: "replica",
  state: "running",
  timeline: 3,
  walBytes: 1,
  streaming: [],
  version: "3.0.2",
  paused: false,
  ...change,
});
const primary = view("pg-0", { role: "primary", streaming: ["pg-1", "pg-2"] });
const views = [primary, view("pg-1"), view("pg-2")];
const manager = { name: "patroni", look: "patronictl list" } as const;
const evidence: PatroniEvidence = {
  manager,
  labelled: "pg-0",
  views,
  lag: new Map([
    ["pg-1", { bytes: 0, lagMs: 0 }],
    ["pg-2", { bytes: 100, lagMs: 3 }],
  ]),
  lock: { object: null, reading: { holder: "pg-0", driver: "etcd3" } },
};
const inEtcd = (reading: LockReading): PatroniEvidence["lock"] => ({ object: null, reading });
const inEndpoints = (reading: LockReading): PatroniEvidence["lock"] => ({ object: "Endpoints pg", reading });

describe("the guards of PostgreSQL with Patroni", () => {
  it.each(["one-primary", "replica-online", "replication-lag", "not-paused"])("%s holds on a sound cluster", (id) => {
    expect(judgePatroniGuard(id, evidence, {}).ok).toBe(true);
  });
  it.each<[string, string, Partial<PatroniEvidence>]>([
    ["one-primary", "there are two", { views: [primary, view("pg-1", { role: "primary" }), view("pg-2")] }],
    ["one-primary", "another holds the lock", { lock: inEtcd({ holder: "pg-1", driver: "etcd3" }) }],
    ["one-primary", "nobody holds the lock", { lock: inEtcd({ holder: null, driver: null }) }],
    ["one-primary", "another holds it in the API", { lock: inEndpoints({ holder: "pg-1", driver: "kubernetes" }) }],
    [
      "one-primary",
      "a member is silent",
      { views: [primary, view("pg-1", { reachable: false, role: null }), view("pg-2")] },
    ],
    ["replica-online", "none streams", { views: [{ ...primary, streaming: [] }, view("pg-1")] }],
    ["replication-lag", "one is far behind", { lag: new Map([["pg-1", { bytes: 2_000_000, lagMs: 1 }]]) }],
    ["replication-lag", "one is long behind", { lag: new Map([["pg-1", { bytes: 10, lagMs: 11_000 }]]) }],
    ["replication-lag", "it cannot be read", { lag: null }],
    ["not-paused", "Patroni is paused", { views: [{ ...primary, paused: true }, view("pg-1")] }],
  ])("%s stops when %s", (id, _what, change) => {
    expect(judgePatroniGuard(id, { ...evidence, ...change }, {}).ok).toBe(false);
  });
  it("say what a failover would lose: what the replica that has most does not have", () => {
    expect(judgePatroniGuard("replication-lag", evidence, {}).measured).toBe(
      "pg-1 0 bytes, 0 s; pg-2 100 bytes, 0.003 s. A failover now would lose at least the last 0 bytes of WAL",
    );
  });
  it("know no other", () => expect(() => judgePatroniGuard("hope", evidence, {})).toThrow(/no guard "hope"/));
});

const plain = { access: plainAccess, parameters: {} };

describe("a partition where there is no etcd", () => {
  const refused = (parameters: Record<string, string>, group: string) => {
    const topology = topologyOf(views, { manager, dcs: [] }, noEtcd({ ...plain, parameters }));
    return emptyGroup('The fault "Cut off"', group, topology, "database");
  };
  it.each(["dcs", "primary-zone", "other-zone"])("is refused with the reason and what to run instead: %s", (group) => {
    expect(refused({ lock: "endpoints", scope: "pg" }, group)).toMatchObject({
      code: "not_supported_here",
      message:
        'The fault "Cut off" is not possible here: the lock is in the Kubernetes API, from which a partition between pods does not cut a primary off.',
      hint: "Run instead: /chaos run patroni-failover",
    });
  });
  it("is not said to be so where nobody said where the lock is", () => {
    const { message, hint } = refused({ dcsLabel: "consul" }, "dcs");
    expect(message).toMatch(
      /no etcd was found with the label app=consul\. On operators .* the lock is in the Kubernetes/,
    );
    expect(hint).toMatch(/^Run instead: \/chaos run patroni-failover lock=endpoints or lock=configmap\. .*dcsLabel=/);
  });
  it("leaves all other groups as they are, and an etcd that is found", () => {
    expect(refused({ lock: "configmap" }, "sentinels")).toMatchObject({ code: "no_targets" });
    const etcd = { name: "etcd-0", namespace: "database", uid: "", host: "", labels: {}, ready: true };
    const withEtcd = topologyOf(views, { manager, dcs: [etcd] }, noEtcd(plain));
    expect(withEtcd.without).toBeUndefined();
    // An etcd holds none of the data, so that to take all of these is to take everything.
    expect(withEtcd.holders).toEqual(views.map(({ pod }) => pod));
    const inConfigMap = noEtcd({ ...plain, parameters: { lock: "configmap" } });
    expect(topologyOf(views, { manager, dcs: [] }, inConfigMap).summary).toContain(
      "the lock is in ConfigMap postgresql-leader",
    );
  });
});

describe("what Patroni says", () => {
  it("is read in the words of version 3 and of version 4", () => {
    const old = readView("pg-0", {
      role: "master",
      state: "running",
      timeline: 2,
      xlog: { location: 42 },
      replication: [{ application_name: "pg-1", state: "streaming" }],
      patroni: { version: "3.0.2" },
    });
    expect(old).toMatchObject({ role: "primary", walBytes: 42, streaming: ["pg-1"], version: "3.0.2" });
    expect(readView("pg-1", { role: "primary", state: "running" }).role).toBe("primary");
    expect(readView("pg-2", { role: "replica", state: "streaming", xlog: { replayed_location: 7 } }).walBytes).toBe(7);
    expect(readView("pg-3", null)).toMatchObject({ reachable: false, role: null });
  });
  it("names no primary when there are two, or one that only starts", () => {
    expect(onlyPrimary(views)).toBe("pg-0");
    expect(onlyPrimary([primary, view("pg-1", { role: "primary" })])).toBeNull();
    expect(onlyPrimary([view("pg-0", { role: "primary", state: "starting" })])).toBeNull();
  });
  it("puts nobody into the groups of roles while the primary does not answer, and says who is silent", () => {
    const silent = readView("pg-0", null);
    const found = topologyOf([silent, ...views.slice(1)], { manager, dcs: [] }, noEtcd(plain));
    expect(found).toMatchObject({ groups: { primary: [], replicas: [], "other-zone": [] }, silent: ["pg-0"] });
    expect(found.summary).toMatch(/^primary unknown, replicas unknown, .*; no answer from pg-0$/);
    expect(topologyOf(views, { manager, dcs: [] }, noEtcd(plain))).toMatchObject({
      groups: { primary: ["pg-0"] },
      silent: [],
    });
  });
  it("is agreement only when all stream on one timeline", () => {
    expect(patroniDisagreements(views)).toEqual([]);
    expect(patroniDisagreements([primary, view("pg-1", { timeline: 2 }), view("pg-2")])).toHaveLength(1);
    expect(patroniDisagreements([{ ...primary, streaming: ["pg-1"] }, view("pg-1"), view("pg-2")])).toHaveLength(1);
  });
});

describe("the pods of an operator", () => {
  const context = (labels: Record<string, string>): SystemContext =>
    ({
      namespace: "database",
      access: { ...plainAccess, selector: (part: string) => (part === "postgres" ? "of=it" : null) },
      parameters: {},
      pods: async (selector?: string) =>
        selector === "of=it"
          ? [{ name: "pg-1", namespace: "database", uid: "1", host: "10.0.0.1", ready: true, labels }]
          : [],
    }) as unknown as SystemContext;
  it.each([
    [{ role: "master" }, "pg-1"],
    [{ role: "primary" }, "pg-1"],
    [{ "spilo-role": "master" }, "pg-1"],
    [{ "postgres-operator.crunchydata.com/role": "master" }, "pg-1"],
    [{ "spilo-role": "replica" }, ""],
  ])("with the labels %j lead as %j", async (labels, primary) => {
    const found = await findPatroniPods(context(labels as Record<string, string>));
    expect(labelledPrimary(found)).toBe(primary);
    expect(found.dcs).toEqual([]);
    expect(await leaderLock(context(labels as Record<string, string>), found).read(100)).toMatchObject({
      nowhere: true,
    });
  });
  it("are not said to hold a lock that nobody read", () => {
    const judged = (lock: PatroniEvidence["lock"]) => judgePatroniGuard("one-primary", { ...evidence, lock }, {});
    const nowhere = { holder: undefined, nowhere: true, why: "the lock is not read: no etcd was found" };
    expect(judged(inEtcd(nowhere))).toMatchObject({ ok: true, measured: `primary pg-0; ${nowhere.why}` });
    const silent = { holder: undefined, nowhere: false, why: "the lock could not be read" };
    expect(judged(inEtcd(silent))).toMatchObject({ ok: false, measured: "primary pg-0; the lock could not be read" });
    const refused = { ...silent, why: "the lock could not be read: no right.", hint: "Grant: aftershock rbac" };
    expect(judged(inEndpoints(refused))).toMatchObject({ ok: false, hint: "Grant: aftershock rbac" });
  });
  it("are said to hold the lock in the object of the Kubernetes API, or nobody, and why", () => {
    const judged = (reading: LockReading) =>
      judgePatroniGuard("one-primary", { ...evidence, lock: inEndpoints(reading) }, {});
    expect(judged({ holder: "pg-0", driver: "kubernetes" })).toMatchObject({
      ok: true,
      measured: "primary pg-0; the lock (Endpoints pg) is held by pg-0",
    });
    expect(judged({ holder: null, driver: "kubernetes", because: "there is no Endpoints pg" })).toMatchObject({
      ok: false,
      measured: "primary pg-0; the lock (Endpoints pg) is held by nobody: there is no Endpoints pg",
    });
  });
});

describe("pods that are looked up again", () => {
  const pod = (name: string, change: Partial<PodAddress> = {}): PodAddress => ({
    name,
    namespace: "database",
    uid: `${name}-1`,
    host: "10.0.0.1",
    ready: true,
    labels: { app: "postgresql", role: "master" },
    ...change,
  });
  const renewed = async (now: PodAddress[]) =>
    (await podRenewal({ pods: async () => now } as Pick<SystemContext, "pods"> as SystemContext))(pod("pg-0"));
  it("keep their address while they are away, and no label: no service leads there", async () => {
    const away = await renewed([pod("pg-1")]);
    expect(away).toMatchObject({ host: "10.0.0.1", labels: {}, ready: false });
    expect(labelledPrimary({ pods: [away, pod("pg-1")] })).toBe("pg-1");
  });
  it("keep their address until they have a new one", async () => {
    const starting = pod("pg-0", { uid: "pg-0-2", host: "", labels: { app: "postgresql" } });
    expect(await renewed([starting])).toMatchObject({ uid: "pg-0-2", host: "10.0.0.1", labels: { app: "postgresql" } });
    expect(await renewed([pod("pg-0", { host: "10.0.0.9" })])).toMatchObject({ host: "10.0.0.9" });
  });
});

describe("the outcome of a failed insert", () => {
  const error = (code: string) => Object.assign(new Error("x"), { code });
  it.each([
    ["25006", "fail", "read-only"],
    ["57P03", "fail", "starting-up"],
    ["28P01", "fail", "not-authorized"],
    ["28000", "fail", "not-authorized"],
    ["42501", "fail", "not-permitted"],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", "fail", "tls-refused"],
    ["ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC", "unknown", "connection-lost"],
    ["ECONNREFUSED", "fail", "refused"],
    ["57P01", "unknown", "SQLSTATE 57P01"],
    ["ECONNRESET", "unknown", "connection-lost"],
  ])("%s is %s", (code, outcome, name) => expect(classifyPostgresError(error(code))).toEqual({ outcome, error: name }));
  it("is unknown for an overdue answer", () =>
    expect(classifyPostgresError(new Error("timeout")).outcome).toBe("unknown"));
});

it("names a table that needs no quoting", () => expect(tableOf("run-12")).toBe("aftershock_probe_run_12"));
