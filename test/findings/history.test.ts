import { describe, expect, it } from "vitest";
import { renderTrend } from "../../src/findings/chart/render-trend.ts";
import { trendAltText } from "../../src/findings/chart/trend-alt-text.ts";
import { trendOption, trendSize } from "../../src/findings/chart/trend-option.ts";
import { figuresSeen, figureWords, historyOf, reasonsOf } from "../../src/findings/comparison/history.ts";
import type { PastRun } from "../../src/findings/comparison/past-run.ts";
import { pastRun } from "../support/past.ts";

const verdicts = (hypothesis: "held" | "refuted" | "inconclusive", run: "completed" | "aborted" = "completed") =>
  ({ hypothesis, run, cleanup: "verified" }) as const;
const alike = [3300, 3400, 3200, 3300, 9000].map((rto, at) => pastRun(at + 1, { rto, lost: 0 }));
const kinds = (runs: readonly PastRun[]): string[] =>
  historyOf("redis-failover", runs).points.map(({ kind, why }) => (why === null ? kind : `${kind}: ${why}`));

describe("the history of an experiment", () => {
  it("is in order, held against its newest conclusive run, with where that one stands", () => {
    const { points, reference, trends, usual } = historyOf("redis-failover", alike.toReversed());
    expect(points.map(({ run }) => run.runId)).toEqual(["run-1", "run-2", "run-3", "run-4", "run-5"]);
    expect(points.every(({ kind }) => kind === "comparable")).toBe(true);
    expect(reference?.runId).toBe("run-5");
    expect(trends[0]).toMatchObject({ figure: "rto", standing: "worse", median: 3300, now: 9000 });
    expect(usual.rto).toMatchObject({ median: 3300 });
    expect(usual.slowDown).toBeNull();
  });
  it.each<[string, Partial<PastRun>, string]>([
    ["parameters", { parameters: { rate: 50, duration: "15s" } }, "other: rate 50"],
    ["a parameter less", { parameters: { rate: 100 } }, "other: duration not there"],
    ["version", { version: "redis_version 7.2.4" }, "other: redis_version 7.2.4"],
    ["cluster", { cluster: "prod" }, "other: on prod/cache"],
    ["an aborted run", { verdicts: verdicts("held", "aborted") }, "no-proof: aborted"],
    ["an inconclusive run", { verdicts: verdicts("inconclusive") }, "no-proof: inconclusive"],
    ["a report of an older form", { verdicts: null }, "no-proof: not readable"],
  ])("leaves out of the comparable ones what has another %s, and says why", (_what, change, expected) => {
    expect(kinds([pastRun(0, { rto: 1 }, change), ...alike])[0]).toBe(expected);
  });
  it("has no reference where no run came to a conclusion", () => {
    const none = historyOf("x", [pastRun(1, { rto: 1 }, { verdicts: verdicts("inconclusive") })]);
    expect(none).toMatchObject({ reference: null, trends: [] });
    expect(none.points[0]?.kind).toBe("no-proof");
  });
  it("has reasons by how many runs have them, and figures that somebody saw", () => {
    const runs = [
      ...alike,
      pastRun(7, {}, { cluster: "a" }),
      pastRun(8, {}, { cluster: "a" }),
      pastRun(6, {}, { cluster: "b" }),
    ];
    const history = historyOf("x", runs);
    // The newest is the reference, so that the others are other ones.
    expect(reasonsOf(history.points, "other")).toEqual([
      ["on lab/cache", 5],
      ["on b/cache", 1],
    ]);
    expect(figuresSeen(history)).toEqual(["rto", "lost"]);
    expect(figureWords(pastRun(1, { rto: 3340, lost: 0, slowDown: 1.62 }))).toEqual([
      "RTO 3.34 s",
      "0 lost",
      "1.6× slower",
    ]);
    expect(figureWords(pastRun(1))).toEqual([]);
  });
});

interface Series {
  name: string;
  data: unknown[];
}
const seriesOf = (runs: readonly PastRun[]): Series[] => {
  return trendOption(historyOf("redis-failover", runs), "light")["series"] as Series[];
};

describe("the chart of a history", () => {
  const other = pastRun(6, { rto: 5000, lost: 2 }, { parameters: { rate: 50, duration: "15s" } });
  const stopped = pastRun(7, { rto: 6000 }, { verdicts: verdicts("held", "aborted") });
  const runs = [...alike, other, stopped, pastRun(8, { rto: 3300, lost: 0 }, { verdicts: verdicts("refuted") })];
  it("joins comparable runs by a line, past those that are not, and shows these alone", () => {
    const [line] = seriesOf(runs).filter(({ name }) => name === "comparable");
    expect(line?.data).toEqual([
      [0, 3300],
      [1, 3400],
      [2, 3200],
      [3, 3300],
      [4, 9000],
      [7, 3300],
    ]);
    const alone = (name: string): unknown[] => seriesOf(runs).find((one) => one.name === name)?.data ?? [];
    expect(alone("other")).toEqual([null, null, null, null, null, 5000, null, null]);
    expect(alone("no proof")).toEqual([null, null, null, null, null, null, 6000, null]);
    expect(alone("refuted")[7]).toBe(3300);
    expect(alone("held")[7]).toBeNull();
  });
  it("says in its legend why runs are not joined", () => {
    const words = JSON.stringify(trendOption(historyOf("redis-failover", runs), "light")["graphic"]);
    for (const said of ["not comparable: rate 50 (1)", "proves nothing: aborted (1)", "held", "refuted"]) {
      expect(words).toContain(said);
    }
    const plain = trendOption(historyOf("redis-failover", alike), "light");
    expect(JSON.stringify(plain["graphic"])).not.toContain("not comparable");
  });
  it("has a panel for each figure that was seen, and grows with them", () => {
    const heightOf = (all: readonly PastRun[]): number => trendSize(historyOf("x", all)).height;
    expect(heightOf([pastRun(1, { rto: 1, lost: 2, slowDown: 3 })])).toBeGreaterThan(heightOf(alike));
    expect(heightOf([pastRun(1)])).toBeGreaterThan(0);
  });
  it("is told in words for who cannot see it", () => {
    const text = trendAltText(historyOf("redis-failover", runs));
    expect(text).toContain("Chart of 8 runs of redis-failover");
    expect(text).toContain("RTO of the comparable runs, oldest first: 3.30 s, 3.40 s, 3.20 s, 3.30 s, 9.00 s, 3.30 s");
    expect(text).toContain("1 run not joined: rate 50");
    expect(
      trendAltText(
        historyOf(
          "x",
          Array.from({ length: 50 }, (_u, at) => pastRun(at, { rto: at * 1000 })),
        ),
      ).length,
    ).toBeLessThanOrEqual(2000);
  });
  it.each(["light", "dark"] as const)(
    "is drawn as a PNG, %s, with few runs and with many",
    async (theme) => {
      const many = Array.from({ length: 50 }, (_u, at) => pastRun(at + 1, { rto: 3000 + at, lost: at, slowDown: 1 }));
      for (const all of [many, [pastRun(1)]]) {
        const png = await renderTrend({ history: historyOf("redis-failover", all), theme });
        expect(png.subarray(1, 4).toString("latin1")).toBe("PNG");
        expect(png.readUInt32BE(16)).toBe(1920);
      }
    },
    240_000,
  );
});
