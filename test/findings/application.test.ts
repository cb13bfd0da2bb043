import { describe, expect, it } from "vitest";
import { applicationMeasures } from "../../src/findings/application/measures.ts";
import { applicationFindings } from "../../src/findings/application/rules.ts";
import { readApplication, type Takeover } from "../../src/findings/application/story.ts";
import { findOutages } from "../../src/findings/outages.ts";
import { checkWrites } from "../../src/findings/write-counts.ts";
import { applicationClients } from "../../src/probes/application/clients.ts";
import type { History, Operation, TimelineEvent } from "../../src/probes/history.ts";
import { event, history, op } from "../support/history-builder.ts";

interface Shape {
  /** When the application writes again; null: never. */
  backMs?: number | null;
  /** The pool is without a connection to the old primary from here on. */
  leftMs?: number;
  lost?: number;
  waiting?: number;
  /** Connections at the end. */
  totalAtEnd?: number;
  healthOk?: boolean;
  /** Without the name of the member that took a write, as an application that does not tell it. */
  nameless?: boolean;
}
const takeover: Takeover = {
  injectedMs: 5000,
  promotedMs: 25_000,
  oldMember: "postgresql-0",
  newMember: "postgresql-1",
  deadMs: 5000,
};

function pool(atMs: number, change: Record<string, number> = {}): TimelineEvent {
  const calm = { total: 4, active: 1, idle: 3, connecting: 0, waiting: 0, created: 4, broken: 0, connectErrors: 0 };
  return event(atMs, "api-server-x", "pool", { ...calm, ...change });
}

/** 20 requests/s of each client for 40 s; the primary is killed at 5 s, another promoted at 25 s. */
function run(shape: Shape = {}): History {
  const { backMs = 25_200, leftMs = 5200, lost = 4, waiting = 0, totalAtEnd = 4 } = shape;
  const operations: Operation[] = [];
  for (let seq = 1; seq <= 800; seq += 1) {
    const at = seq * 50;
    const away = at >= 5000 && (backMs === null || at < backMs);
    const member = at < 25_000 ? "postgresql-0" : "postgresql-1";
    const failed = away ? { outcome: "fail" as const, error: "no-address" } : {};
    const { member: _member, ...unnamed } = op({ client: "app-writes", seq, at, member, ...failed });
    operations.push(shape.nameless === true ? unnamed : { ...unnamed, member });
    operations.push(op({ client: "app-reads", kind: "read", seq, at, member, ...failed }));
    const health = shape.healthOk === true ? {} : failed;
    operations.push(op({ client: "app-health", kind: "read", seq, at, member, ...health }));
  }
  return history({
    clients: applicationClients({ ratePerSecond: 20, timeoutMs: 5000 }),
    operations,
    events: [
      pool(10),
      event(10, "api-server-x", "pool-servers", { servers: "postgresql-0" }),
      pool(4900, { active: 2, idle: 2 }),
      pool(5250, { total: 0, active: 0, idle: 0, broken: lost }),
      event(leftMs, "api-server-x", "pool-servers", { servers: "" }),
      pool(15_250, { total: 0, active: 0, idle: 0, broken: lost, waiting, connectErrors: 30 }),
      pool(25_250, { total: 3, active: 1, idle: 2, broken: lost, connectErrors: 40 }),
      event(25_250, "api-server-x", "pool-servers", { servers: "postgresql-1" }),
      pool(39_000, { total: totalAtEnd, active: 0, idle: totalAtEnd, broken: lost, connectErrors: 40 }),
    ],
    settings: ["max 10", "connectionTimeoutMs 2000", "queryTimeoutMs 3000", "keepAlive false", "host db"].map(
      (text) => {
        const [name = "", value = ""] = text.split(" ");
        return { type: "setting", member: "api-server-x", name: `pool.${name}`, value };
      },
    ),
  });
}

const story = (h: History, change: Partial<Takeover> = {}) => readApplication(h, { ...takeover, ...change });
const found = (h: History, change: Partial<Takeover> = {}) => {
  const context = { writes: checkWrites(h), outages: findOutages(h), unsound: [], parameters: {}, previous: null };
  return applicationFindings(h, context, story(h, change));
};
const ids = (h: History): string[] => found(h).map(({ id }) => id);
const finding = (h: History, id: string) => found(h).find((entry) => entry.id === id);
const value = (h: History, id: string) => applicationMeasures(story(h)).find((entry) => entry.id === id)?.value;

describe("an application through a failover", () => {
  it("is no part of a run without one", () => {
    expect(story(history())).toBeNull();
    expect(applicationMeasures(null)).toEqual([]);
    expect(found(history())).toEqual([]);
  });
  it("is timed from the fault and from the promotion", () => {
    expect(value(run(), "app-first-write")).toBe(20_201);
    expect(value(run(), "app-reconnect")).toBe(201);
    expect(finding(run(), "application.reconnected")).toMatchObject({
      severity: "info",
      title: "The first write through the application came 20.20 s after the fault, 0.20 s after the promotion",
    });
  });
  it("is timed by the first write after the promotion when it does not say who took it", () => {
    expect(value(run({ nameless: true }), "app-first-write")).toBe(20_201);
  });
  it("is timed by its own outage when nobody was promoted", () => {
    const h = run({ backMs: 9000 });
    expect(story(h, { promotedMs: null, newMember: null })).toMatchObject({ firstWriteMs: 9001, reconnectMs: null });
    expect(found(h, { promotedMs: null, newMember: null })[0]?.title).toBe(
      "The first write through the application came 4.00 s after the fault",
    );
  });
  it.each([
    [31_000, "low"],
    [41_000 - 500, "medium"],
  ])("that writes again at %d ms gives a finding that is %s", (backMs, severity) => {
    const late = run({ backMs: Math.min(backMs, 40_000) });
    const moved = severity === "medium" ? { promotedMs: 20_000 } : {};
    expect(found(late, moved).find(({ id }) => id === "application.reconnected")?.severity).toBe(severity);
  });
  it("quotes the settings of its pool, and where the advice is from", () => {
    expect(finding(run(), "application.reconnected")?.setting).toEqual({
      name: "pool.connectionTimeoutMs",
      value: "2000",
      member: "api-server-x",
      recommended: "2000 or less",
      source: "node-postgres documentation, Pool (default 0: waits for ever)",
    });
  });
});

describe("an application that did not recover", () => {
  it("is a finding when it never wrote again", () => {
    expect(finding(run({ backMs: null }), "application.not-recovered")?.severity).toBe("high");
    expect(value(run({ backMs: null }), "app-first-write")).toBeNull();
  });
  it("is a finding when its pool is empty at the end", () => {
    expect(finding(run({ totalAtEnd: 0 }), "application.not-recovered")?.title).toMatch(/no connection at the end/);
  });
  it("is none when it did", () => expect(ids(run())).not.toContain("application.not-recovered"));
});

describe("the pool", () => {
  it("is counted from what it was at the fault", () => {
    expect(story(run())?.pool).toMatchObject({
      before: { total: 4, active: 2, idle: 2, waiting: 0, broken: 0 },
      broken: 4,
      connectErrors: 40,
      rightServersMs: 5200,
      keptDeadMs: 200,
      emptyMs: 20_000,
      waitingPeak: 0,
      totalAtEnd: 4,
    });
    expect(applicationMeasures(story(run())).find(({ id }) => id === "pool-before")?.note).toBe(
      "2 active, 2 idle, 0 waiting, 0 broken before",
    );
  });
  it("that was let go of at once is news, that kept the dead is a finding", () => {
    expect(finding(run(), "application.pool-broken")?.severity).toBe("info");
    const kept = finding(run({ leftMs: 14_000 }), "application.pool-broken");
    expect([kept?.severity, kept?.setting?.name, kept?.setting?.value]).toEqual(["medium", "pool.keepAlive", "false"]);
    expect(kept?.title).toBe(
      "The application's pool lost 4 connections and was rid of the last 9.00 s after the old primary was gone",
    );
  });
  it("that lost nothing is none", () => expect(ids(run({ lost: 0 }))).not.toContain("application.pool-broken"));
  it("that made requests wait is a finding by how many", () => {
    expect(ids(run())).not.toContain("application.pool-exhausted");
    expect(finding(run({ waiting: 3 }), "application.pool-exhausted")?.severity).toBe("low");
    expect(finding(run({ waiting: 60 }), "application.pool-exhausted")).toMatchObject({
      severity: "medium",
      title: "Up to 60 requests waited for a connection at once",
    });
  });
  it("that nobody could look at is not observed, and not nought", () => {
    const h = run();
    const blind = { ...h, events: [] };
    expect(story(blind)?.pool).toBeNull();
    expect(value(blind, "pool-broken")).toBeNull();
    expect(value(blind, "pool-empty")).toBeNull();
    expect(ids(blind)).not.toContain("application.pool-broken");
  });
});

describe("reads and health checks", () => {
  it("that failed are counted, and a finding", () => {
    expect(value(run(), "app-failed-reads")).toBe(404);
    expect(value(run(), "app-failed-health")).toBe(404);
    expect(finding(run(), "application.reads-failed")?.title).toBe(
      "404 of 701 reads through the application failed after the fault",
    );
    expect(ids(run({ backMs: 5000 }))).not.toContain("application.reads-failed");
  });
  it("that said 200 while no write got through are a finding", () => {
    expect(ids(run())).not.toContain("application.healthy-without-writes");
    expect(finding(run({ healthOk: true }), "application.healthy-without-writes")?.title).toMatch(
      /^40\d health checks said 200 while no write got through$/,
    );
  });
});
