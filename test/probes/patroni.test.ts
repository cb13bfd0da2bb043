import { describe, expect, it } from "vitest";
import { judgePatroniGuard, type PatroniEvidence } from "../../src/probes/patroni/guards.ts";
import {
  labelledPrimary,
  onlyPrimary,
  patroniDisagreements,
  readView,
  type PatroniView,
} from "../../src/probes/patroni/members.ts";
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
const evidence: PatroniEvidence = {
  views,
  lag: new Map([
    ["pg-1", { bytes: 0, lagMs: 0 }],
    ["pg-2", { bytes: 100, lagMs: 3 }],
  ]),
  lockHolder: "pg-0",
  hasDcs: true,
};

describe("the guards of PostgreSQL with Patroni", () => {
  it.each(["one-primary", "replica-online", "replication-lag", "not-paused"])("%s holds on a sound cluster", (id) => {
    expect(judgePatroniGuard(id, evidence, {}).ok).toBe(true);
  });
  it.each<[string, string, Partial<PatroniEvidence>]>([
    ["one-primary", "there are two", { views: [primary, view("pg-1", { role: "primary" }), view("pg-2")] }],
    ["one-primary", "another holds the lock", { lockHolder: "pg-1" }],
    ["one-primary", "nobody holds the lock", { lockHolder: null }],
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
  it("is agreement only when all stream on one timeline", () => {
    expect(patroniDisagreements(views)).toEqual([]);
    expect(patroniDisagreements([primary, view("pg-1", { timeline: 2 }), view("pg-2")])).toHaveLength(1);
    expect(patroniDisagreements([{ ...primary, streaming: ["pg-1"] }, view("pg-1"), view("pg-2")])).toHaveLength(1);
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
    ["ECONNREFUSED", "fail", "refused"],
    ["57P01", "unknown", "SQLSTATE 57P01"],
    ["ECONNRESET", "unknown", "connection-lost"],
  ])("%s is %s", (code, outcome, name) => expect(classifyPostgresError(error(code))).toEqual({ outcome, error: name }));
  it("is unknown for an overdue answer", () =>
    expect(classifyPostgresError(new Error("timeout")).outcome).toBe("unknown"));
});

it("names a table that needs no quoting", () => expect(tableOf("run-12")).toBe("aftershock_probe_run_12"));
