import type pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { plainAccess } from "../../src/probes/access.ts";
import { readForks } from "../../src/probes/patroni/forks.ts";
import { judgePatroniGuard, type PatroniEvidence } from "../../src/probes/patroni/guards.ts";
import { leaderLock } from "../../src/probes/patroni/lock.ts";
import { noEtcd } from "../../src/probes/patroni/no-etcd.ts";
import { topologyOf } from "../../src/probes/patroni.ts";
import { requireManager } from "../../src/probes/patroni/manager.ts";
import {
  findPatroniPods,
  labelledPrimary,
  onlyPrimary,
  patroniDisagreements,
  type PatroniView,
} from "../../src/probes/patroni/members.ts";
import { memberClient } from "../../src/probes/patroni/connect.ts";
import { openSqlLooks, readSqlView } from "../../src/probes/patroni/sql-view.ts";
import type { SystemContext } from "../../src/probes/system.ts";
import { startScratchPostgres, type ScratchPostgres } from "../support/scratch-postgres.ts";
import { waitFor } from "../support/stack.ts";

const names = ["orders-1", "orders-2"];
const primaryRow = {
  replica: false,
  wal: 54_658_176,
  file: "0000000A0000000000000003",
  received: null,
  streaming: ["orders-2", "pg_receivewal", null],
};
const replicaRow = { replica: true, wal: 54_658_000, file: null, received: 10, streaming: [] };

const contextOf = (pods: ReadonlyArray<Record<string, string>>): SystemContext =>
  ({
    namespace: "database",
    access: { ...plainAccess, selector: (part: string) => (part === "postgres" ? "of=it" : null) },
    parameters: {},
    pods: async (selector?: string) =>
      selector === "of=it"
        ? pods.map((labels, at) => ({
            name: `orders-${at + 1}`,
            namespace: "database",
            uid: `${at}`,
            host: `10.0.0.${at + 1}`,
            ready: true,
            labels,
          }))
        : // A neighbour with the label of Patroni's etcd.
          [{ name: "etcd-0", namespace: "database", uid: "e", host: "10.0.0.9", ready: true, labels: {} }],
  }) as unknown as SystemContext;
const cnpg = (role: string, cluster = "orders") => ({ "cnpg.io/cluster": cluster, "cnpg.io/instanceRole": role });

describe("what a server says of itself", () => {
  it("is read as a member's view: the timeline of a primary from its file, of a replica from its receiver", () => {
    expect(readSqlView("orders-1", primaryRow, names)).toEqual({
      pod: "orders-1",
      reachable: true,
      role: "primary",
      state: "running",
      timeline: 10,
      walBytes: 54_658_176,
      // What is no pod of the cluster could not take over.
      streaming: ["orders-2"],
      version: null,
      paused: false,
    });
    expect(readSqlView("orders-2", replicaRow, names)).toMatchObject({ role: "replica", timeline: 10 });
    expect(readSqlView("orders-2", { ...replicaRow, received: null }, names).timeline).toBeNull();
  });
  it("agrees when one leads and the other streams from it, and not otherwise", () => {
    const views = [readSqlView("orders-1", primaryRow, names), readSqlView("orders-2", replicaRow, names)];
    expect(patroniDisagreements(views)).toEqual([]);
    expect(onlyPrimary(views)).toBe("orders-1");
    const alone = { ...primaryRow, streaming: [] };
    expect(patroniDisagreements([readSqlView("orders-1", alone, names), views[1] as PatroniView])).toEqual([
      "orders-2 does not stream from orders-1",
    ]);
  });
  it("is nothing without an answer, and no role while it starts", () => {
    expect(readSqlView("orders-1", null, names)).toMatchObject({ reachable: false, role: null, state: null });
    expect(readSqlView("orders-1", "starting", names)).toMatchObject({
      reachable: true,
      role: null,
      state: "starting",
    });
    expect(onlyPrimary([readSqlView("orders-1", "starting", names)])).toBeNull();
  });
  it("is its own history of timelines", () => {
    expect(readForks("1\t0/3000158\tno recovery target specified\n\n2\t1/0\tby hand\n")).toEqual([
      { timeline: 1, forkBytes: 0x3000158, reason: "no recovery target specified" },
      { timeline: 2, forkBytes: 2 ** 32, reason: "by hand" },
    ]);
    expect(readForks("")).toEqual([]);
    expect(readForks("what is this\n")).toEqual([]);
  });
});

describe("the pods of CloudNativePG", () => {
  it("are known by their label: who leads by the operator's, and no lock of a neighbour's etcd", async () => {
    const context = contextOf([cnpg("replica"), cnpg("primary")]);
    const found = await findPatroniPods(context);
    expect(found.manager).toMatchObject({ name: "cloudnative-pg", look: "kubectl cnpg status orders -n database" });
    expect(labelledPrimary(found)).toBe("orders-2");
    expect(found.dcs).toEqual([]);
    expect(await leaderLock(context, found).read(100)).toMatchObject({ holder: undefined, nowhere: true });
    expect(topologyOf([], found, noEtcd(context))).not.toHaveProperty("without");
    expect(labelledPrimary(await findPatroniPods(contextOf([{ ...cnpg("unhealthy"), role: "unhealthy" }])))).toBe("");
  });
  it.each([
    [[cnpg("primary"), cnpg("primary", "archive")], "archive, orders"],
    [[cnpg("primary"), { role: "master" }], "none of CloudNativePG's, orders"],
  ])("are refused with others' among them: %j", async (pods, told) => {
    await expect(findPatroniPods(contextOf(pods))).rejects.toMatchObject({
      code: "not_supported_here",
      message: expect.stringContaining(told),
      hint: expect.stringContaining("cnpg.io/cluster=NAME"),
    });
  });
  it("are not taken for Patroni's, nor Patroni's for theirs", () => {
    const look = "look";
    expect(() => requireManager({ name: "cloudnative-pg", look }, "patroni", "orders-1")).toThrow(/runs no Patroni/);
    expect(() => requireManager({ name: "patroni", look }, "cloudnative-pg", "pg-1")).toThrow(/does not belong to/);
    expect(() => requireManager({ name: "patroni", look }, "patroni", "pg-1")).not.toThrow();
  });
});

describe("the guards of PostgreSQL with CloudNativePG", () => {
  const evidence: PatroniEvidence = {
    manager: { name: "cloudnative-pg", look: "kubectl cnpg status orders -n database" },
    views: [readSqlView("orders-1", primaryRow, names), readSqlView("orders-2", replicaRow, names)],
    lag: new Map([["orders-2", { bytes: 0, lagMs: 0 }]]),
    labelled: "orders-1",
    lock: { object: null, reading: { holder: undefined, nowhere: true, why: "there is none" } },
  };
  it.each(["one-primary", "replica-online", "replication-lag", "not-paused"])("%s holds on a sound cluster", (id) => {
    const judged = judgePatroniGuard(id, evidence, {});
    expect(judged.ok).toBe(true);
    expect(JSON.stringify(judged)).not.toMatch(/patroni/i);
  });
  it.each<[string, Partial<PatroniEvidence>, string]>([
    ["the label is on another", { labelled: "orders-2" }, "primary orders-1; the primary's label is on orders-2"],
    ["nobody has the label", { labelled: "" }, "primary orders-1; no pod has the primary's label"],
    [
      "a server is silent",
      { views: [readSqlView("orders-1", primaryRow, names), readSqlView("orders-2", null, names)] },
      "primary orders-1; the primary's label is on orders-1; no answer from orders-2",
    ],
  ])("one-primary stops when %s", (_what, change, measured) => {
    const judged = judgePatroniGuard("one-primary", { ...evidence, ...change }, {});
    expect(judged).toMatchObject({ ok: false, measured });
    expect(judged.hint).toContain("kubectl cnpg status orders");
  });
});

describe("looks at a real server by SQL", () => {
  let server: ScratchPostgres;
  beforeAll(async () => {
    server = await startScratchPostgres();
  });
  afterAll(() => server?.remove());
  const looksWith = (made: pg.Client[]) =>
    openSqlLooks(async (pod, connectTimeoutMs) => {
      const client = await memberClient(server.members, pod, { applicationName: "looks", connectTimeoutMs });
      made.push(client);
      return client;
    });

  it("keep one connection, tell a server that is gone, and find it again", async () => {
    const made: pg.Client[] = [];
    const looks = looksWith(made);
    const view = async (): Promise<PatroniView> => readSqlView("pg-0", await looks.look("pg-0", 2000), ["pg-0"]);
    expect(await view()).toMatchObject({ role: "primary", timeline: 1, streaming: [] });
    await Promise.all([view(), view(), view()]);
    expect(made).toHaveLength(1);
    await server.stop();
    expect((await waitFor(view, ({ reachable }) => !reachable, 10_000)).role).toBeNull();
    await server.start();
    expect((await waitFor(view, ({ reachable }) => reachable, 10_000)).role).toBe("primary");
  });
});
