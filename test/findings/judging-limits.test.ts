import { readFileSync } from "node:fs";
import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { buildReport, type ReportInput } from "../../src/findings/build-report.ts";
import { missingGlyphs, textOfSvg } from "../../src/findings/chart/glyphs.ts";
import { renderCharts } from "../../src/findings/chart/render-charts.ts";
import { doubleAcceptance } from "../../src/findings/double-acceptance.ts";
import { historyLines, parseHistory } from "../../src/findings/history-lines.ts";
import type { Report } from "../../src/findings/report.ts";
import { staleReads } from "../../src/findings/stale-reads.ts";
import { lossUpperBoundPercent } from "../../src/findings/upper-bound.ts";
import { checkWrites, divergentMembers, totalWrites } from "../../src/findings/write-counts.ts";
import type { History, Outcome } from "../../src/probes/history.ts";
import { event, finalRead, fourClients, history, op, splitBrain } from "../support/history-builder.ts";
import { recount } from "./naive-recount.ts";

const run: ReportInput["run"] = {
  id: "run-1",
  experiment: "redis-split-brain",
  title: "Redis Sentinel split brain",
  hypothesis: "No acknowledged write is lost.",
  state: "completed",
  system: "redis-sentinel",
  cluster: "lab",
  namespace: "cache",
  parameters: {},
  requestedBy: "U1",
  approvedBy: ["U2"],
  planDigest: "abc",
  startedAt: "2026-01-01T00:00:00.000Z",
  endedAt: "2026-01-01T00:01:00.000Z",
};
const report = (h: History): Report =>
  buildReport({ history: h, run, runVerdict: "completed", cleanupVerdict: "verified", guards: [], cleanup: [] });
const finding = (h: History, id: string) => report(h).findings.find((entry) => entry.id === id);

/** Nothing wrong: all acknowledged and kept, one hand-over at 9 s. */
function healthy(): History {
  const h = splitBrain();
  return {
    ...h,
    operations: h.operations.map((entry) => ({
      ...op({ client: entry.client, seq: entry.seq, at: entry.plannedMs }),
      member: entry.plannedMs < 9000 ? "redis-0" : "redis-1",
    })),
    finalReads: ["follower", "pinned"].map((client) => finalRead([[1, 4000]], { client })),
  };
}
const without = (h: History, name: string): History => ({ ...h, events: h.events.filter((e) => e.event !== name) });
const setting = (name: string, value: string, member = "redis-sentinel-0") =>
  ({ type: "setting", member, name, value }) as const;

describe("a verdict of held needs to be earned", () => {
  it("is held when a failover put it to the test", () => {
    expect(report(healthy()).verdicts.hypothesis).toBe("held");
  });
  it.each<[string, (h: History) => History, RegExp]>([
    ["no new master was promoted", (h) => without(h, "+switch-master"), /no new master was promoted/],
    [
      "there was no baseline",
      (h) => ({ ...h, operations: h.operations.filter((o) => o.plannedMs >= 5000) }),
      /baseline is too short: follower has 0 acknowledged writes in it and needs 300/,
    ],
    [
      "a replica's final read failed",
      (h) => ({
        ...h,
        finalReads: [...h.finalReads, finalRead([], { member: "redis-0", authoritative: false, error: "timeout" })],
      }),
      /final read of follower from redis-0 failed: timeout/,
    ],
    [
      "two members claim to hold what survived",
      (h) => ({ ...h, finalReads: [...h.finalReads, finalRead([[1, 4000]], { member: "redis-0" })] }),
      /redis-1 and redis-0 both claim/,
    ],
    [
      "a failover came before the fault",
      (h) => ({
        ...h,
        events: [event(900, "redis-sentinel-0", "+switch-master", { from: "redis-1", to: "redis-0" }), ...h.events],
      }),
      /failover happened before anything was injected/,
    ],
  ])("is inconclusive when %s", (_why, spoil, because) => {
    const spoiled = report(spoil(healthy()));
    expect(spoiled.verdicts.hypothesis).toBe("inconclusive");
    expect(spoiled.because).toMatch(because);
  });
  it("a short baseline at a low rate needs only 90 % of what it planned", () => {
    const h = healthy();
    const slow: History = {
      ...h,
      header: { ...h.header, clients: h.header.clients.map((client) => ({ ...client, ratePerSecond: 2 })) },
      operations: h.operations.filter((o) => o.seq % 50 === 0),
      finalReads: ["follower", "pinned"].map((client) => finalRead([[1, 4000]], { client })),
    };
    expect(report(slow).because).not.toMatch(/baseline/);
  });
  it("a baseline counts from the moment when its clients could start", () => {
    const late = (h: History): History => ({ ...h, operations: h.operations.filter((o) => o.plannedMs >= 4000) });
    const started = (h: History): History => ({
      ...h,
      events: [...h.events, { type: "event", atMs: 4000, source: "run", event: "clients-started", detail: {} }],
    });
    expect(report(late(healthy())).because).toMatch(/baseline is too short/);
    expect(report(started(late(healthy()))).because).not.toMatch(/baseline/);
  });
  it("is refuted, not inconclusive, when writes were lost without a failover", () => {
    expect(report(without(splitBrain(), "+switch-master")).verdicts.hypothesis).toBe("refuted");
  });
});

describe("counts", () => {
  it("of no clients are unknown, not zero", () =>
    expect(totalWrites([])).toMatchObject({ lost: null, unexpected: null }));
  it("see a copy too many on a replica", () => {
    const extra = finalRead(
      [
        [1, 3],
        [2, 2],
      ],
      { member: "redis-2", authoritative: false },
    );
    expect(divergentMembers(history({ finalReads: [finalRead([[1, 3]]), extra] }))).toEqual([
      { member: "redis-2", client: "follower", differing: 1 },
    ]);
  });
  it("bound what may still be lost when nothing was: 3/N", () => {
    expect(lossUpperBoundPercent(3000)).toBeCloseTo(0.1);
    expect(lossUpperBoundPercent(0)).toBeNull();
  });

  const value = fc.integer({ min: 1, max: 40 });
  const read = fc.record({
    client: fc.constantFrom("follower", "pinned"),
    authoritative: fc.boolean(),
    values: fc.array(value, { maxLength: 50 }),
    failed: fc.boolean(),
  });
  const written = fc.array(fc.constantFrom<Outcome>("ok", "fail", "unknown"), { maxLength: 40 });
  test.prop([written, written, fc.array(read, { maxLength: 6 })])(
    "agree with the naive recount, whatever was read back from however many members",
    (follower, pinned, reads) => {
      const random = history({
        clients: fourClients,
        operations: [...follower.entries()]
          .map(([at, outcome]) => op({ seq: at + 1, outcome }))
          .concat([...pinned.entries()].map(([at, outcome]) => op({ client: "pinned", seq: at + 1, outcome }))),
        finalReads: reads.map(({ client, authoritative, values, failed }, at) =>
          finalRead(
            values.map((entry) => [entry, entry]),
            {
              client,
              authoritative,
              member: `redis-${at}`,
              ...(failed ? { error: "timeout" } : {}),
            },
          ),
        ),
      });
      const lines = [...historyLines(random)];
      const own = Object.fromEntries(checkWrites(random).map(({ client, counts }) => [client, counts]));
      expect(own).toEqual(recount(lines.join("\n")));
      const parsed = (text: string): unknown => JSON.parse(text);
      expect([...historyLines(parseHistory(lines))].map(parsed)).toEqual(lines.map(parsed));
    },
  );
});

describe("two members accepting writes at once", () => {
  const written = (member: (at: number) => string): History =>
    history({
      operations: Array.from({ length: 400 }, (_, n) => op({ seq: n + 1, at: n * 100, member: member(n * 100) })),
    });
  it("is not claimed when a master hands over and later takes over again", () => {
    expect(doubleAcceptance(written((at) => (at < 10_000 || at >= 30_000 ? "redis-0" : "redis-1")))).toBeNull();
  });
  it("is not proven by an answer that was on its way", () => {
    const late = op({ client: "pinned", seq: 1, at: 9900, took: 900 });
    const h = written((at) => (at < 10_000 ? "redis-0" : "redis-1"));
    expect(doubleAcceptance({ ...h, operations: [...h.operations, late] })).toBeNull();
    const sentAfter = op({ client: "pinned", seq: 1, at: 10_200, took: 10 });
    expect(doubleAcceptance({ ...h, operations: [...h.operations, sentAfter] })).toMatchObject({
      older: "redis-0",
      newer: "redis-1",
      byOlder: 1,
    });
  });
});

describe("stale reads", () => {
  const reads = [
    op({ client: "pinned", seq: 1, at: 10 }),
    op({ client: "pinned", seq: 2, at: 20 }),
    op({ client: "pinned-reads", kind: "read", seq: 1, at: 40, seen: 1 }),
  ];
  const stale = (lost: number[]) =>
    staleReads(history({ clients: fourClients, operations: reads }), new Map([["pinned", new Set(lost)]])).find(
      ({ client }) => client === "pinned-reads",
    );
  it("tell a late copy from the loss itself", () => {
    expect(stale([])).toMatchObject({ stale: 1, missedOnlyLost: 0 });
    expect(stale([2])).toMatchObject({ stale: 1, missedOnlyLost: 1 });
  });
});

describe("Redis rules beyond the usual", () => {
  it("a refusal by the new master is not the old one's protection, and is told as what it is", () => {
    const h = splitBrain();
    const refusing: History = {
      ...h,
      operations: h.operations.map((o) =>
        o.member === "redis-1" && o.plannedMs < 15_000 ? { ...o, outcome: "fail" as const, error: "NOREPLICAS" } : o,
      ),
    };
    expect(finding(refusing, "redis.old-master-stopped-accepting")).toBeUndefined();
    expect(finding(refusing, "redis.new-master-refused-writes")?.title).toBe(
      "The new master refused writes for 5.99 s for want of replicas",
    );
    expect(finding(splitBrain({ protectedFromMs: 8000 }), "redis.new-master-refused-writes")).toBeUndefined();
  });
  it("a second failover after healing is told, a Sentinel's late word of the first is not", () => {
    const h = splitBrain();
    const later = (from: string, to: string): History => ({
      ...h,
      events: [...h.events, event(22_000, "redis-sentinel-1", "+switch-master", { from, to })],
    });
    expect(finding(later("redis-1", "redis-0"), "redis.failover-after-healing")?.evidence[0]).toContain("2.00 s");
    expect(finding(later("redis-0", "redis-1"), "redis.failover-after-healing")).toBeUndefined();
  });
  it.each([
    ["a quorum below the majority", ["1", "2"], /quorum 1 is below the majority of 3, 2/],
    ["two Sentinels", ["2", "1"], /there are 2 Sentinels/],
    ["a majority of three", ["2", "2"], null],
  ])("looks at the quorum: %s", (_what, [quorum = "", others = ""], problem) => {
    const h = splitBrain();
    const found = finding(
      { ...h, settings: [...h.settings, setting("quorum", quorum), setting("num-other-sentinels", others)] },
      "redis.weak-quorum",
    );
    if (problem === null) expect(found).toBeUndefined();
    else expect(found?.evidence.join("; ")).toMatch(problem);
  });
  it("says how far the protection limited the loss", () => {
    expect(finding(splitBrain({ protectedFromMs: 8000 }), "redis.old-master-stopped-accepting")?.evidence).toContain(
      "lost: 600; predicted without this protection: 2,900",
    );
  });
  it("does not say that a setting which was not read limited anything", () => {
    const h = splitBrain();
    const unread = finding({ ...h, settings: [] }, "redis.lost-acknowledged-writes");
    expect(unread?.advice).not.toContain("limited");
    expect(unread?.setting?.value).toBe("unknown");
    expect(JSON.stringify(report({ ...h, settings: [] }))).not.toContain("NaN");
  });
  it("a single hiccup as the probes stop is no client that never recovers", () => {
    const h = healthy();
    const hiccup = h.operations.map((o) => (o.seq === 4000 ? { ...o, outcome: "unknown" as const } : o));
    expect(finding({ ...h, operations: hiccup }, "redis.client-never-recovered")).toBeUndefined();
  });
  it("gives no finding without figures", () => {
    for (const h of [splitBrain(), splitBrain({ protectedFromMs: 8000 }), healthy()]) {
      for (const { id, evidence } of report(h).findings) expect(evidence.join(" "), id).toMatch(/\d/);
    }
  });
  it("a system without rules is measured, not judged", () => {
    const h = splitBrain();
    const foreign = report({ ...h, header: { ...h.header, system: "memcached" } });
    expect(foreign.verdicts.hypothesis).toBe("inconclusive");
    expect(foreign.findings).toEqual([]);
    expect(foreign.measures.find(({ id }) => id === "lost")?.value).toBe(2900);
  });
});

describe("reading a history of somebody else's", () => {
  const header = JSON.stringify(history().header);
  const operation = JSON.stringify(op({ seq: 1 }));
  it.each([
    ["a field of the wrong type", operation.replace('"seq":1', '"seq":"1"'), /line 3: not a record: seq/],
    ["a new outcome", operation.replace('"ok"', '"maybe"'), /line 3: not a record: outcome/],
    [
      "a client that the header does not name",
      operation.replace("follower", "x"),
      /line 3: the header names no client x/,
    ],
    ["a second header", header, /line 3: a second header/],
    ["a range that runs backwards", JSON.stringify(finalRead([[3, 1]])), /line 3: not a record: ranges/],
  ])("refuses %s by its line", (_what, line, message) =>
    expect(() => parseHistory([header, operation, line])).toThrow(message),
  );
  it("accepts the same lines when they are right", () => {
    expect(parseHistory([header, "", operation, operation]).operations).toHaveLength(2);
  });
});

describe("the chart's letters", () => {
  const font = readFileSync(new URL("../../src/findings/chart/fonts/DejaVuSans.ttf", import.meta.url));
  it("are those that the font has", () => {
    expect(missingGlyphs("follower → redis-0, 1,203 lost · é", font)).toEqual([]);
    expect(missingGlyphs("a分b😴", font)).toEqual(["分"].concat(missingGlyphs("😴", font)));
  });
  it("are read from between an SVG's tags", () => {
    expect(textOfSvg('<text x="1">a &amp; b &#8594;</text>').trim()).toBe("a & b →");
  });
  it("fail the drawing when one is missing, instead of vanishing", async () => {
    const h = splitBrain();
    const named = report(h);
    await expect(renderCharts(h, { ...named, run: { ...named.run, title: "分裂" } })).rejects.toThrow(
      /the font has no sign for 分 裂/,
    );
  });
});
