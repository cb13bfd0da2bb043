import { describe, expect, it } from "vitest";
import { figureText, keyFigures, type Measured } from "../../src/findings/comparison/figures.ts";
import { whyNotComparable } from "../../src/findings/comparison/past-run.ts";
import {
  kendallScore,
  median,
  medianDeviation,
  medianSlope,
  outlierDistance,
  trendByChance,
} from "../../src/findings/comparison/robust.ts";
import { figureBars, trendSentence, trendText } from "../../src/findings/comparison/trend-text.ts";
import { comparableBefore, figureTrend, lastResults, trendsOf } from "../../src/findings/comparison/trend.ts";
import { pastRun } from "../support/past.ts";

describe("robust statistics", () => {
  it("has the middle, also of an even number, and none of none", () => {
    expect([median([3, 1, 2]), median([4, 1, 2, 3]), median([]), median([7])]).toEqual([2, 2.5, null, 7]);
  });
  it("is not moved by one bad value", () => {
    expect(medianDeviation([1, 2, 3, 4, 1000])).toBe(1);
    expect(medianDeviation([])).toBeNull();
  });
  it("calls an outlier what NIST's example of the modified z-score does", () => {
    // 0.6745 · |x − median| / MAD = 3.5 exactly at the distance.
    expect((0.6745 * outlierDistance(2)) / 2).toBeCloseTo(3.5, 10);
  });
  it("knows by the exact Mann-Kendall test how often chance alone rises so", () => {
    expect(kendallScore([1, 2, 3, 4, 5])).toBe(10);
    // One order of 120 rises throughout, and one falls.
    expect(trendByChance([1, 2, 3, 4, 5])).toBeCloseTo(2 / 120, 10);
    expect(trendByChance([5, 4, 3, 2, 1])).toBeCloseTo(2 / 120, 10);
    // Four neighbours exchanged: five of the 120 orders have at most one inversion.
    expect(trendByChance([2, 1, 3, 4, 5])).toBeCloseTo(10 / 120, 10);
    expect(trendByChance([1, 1, 1, 1, 1])).toBe(1);
    expect(trendByChance([])).toBe(1);
  });
  it("has the slope of the middle pair", () => {
    expect(medianSlope([0, 2, 4, 6, 800])).toBe(2);
    expect(medianSlope([1])).toBeNull();
  });
});

describe("the figures of a run", () => {
  const counts = { attempted: 10, acknowledged: 9, failed: 0, unknown: 1, recovered: 0, duplicated: 0, unexpected: 0 };
  const slow = (change: Partial<Measured["slowDowns"][number]>): Measured["slowDowns"][number] => ({
    client: "follower",
    stretch: "fault",
    baselineCount: 500,
    count: 500,
    notOk: 0,
    p50: 2,
    p95: 3,
    p99: 4,
    max: 9,
    ...change,
  });
  const measured = (change: Partial<Measured> = {}): Measured => ({
    measures: [{ id: "first-new-write", title: "t", value: 3340, unit: "ms" }],
    writes: { total: { ...counts, lost: 3 }, byClient: { follower: { ...counts, lost: 3 } } },
    slowDowns: [slow({})],
    ...change,
  });
  it("are its system's recovery time, its lost writes, and the slowest client's median", () => {
    const slowDowns = [slow({}), slow({ stretch: "recovery", p50: 90 }), slow({ client: "follower-reads", p50: 80 })];
    expect(keyFigures("patroni", measured({ slowDowns }))).toEqual({ rto: 3340, lost: 3, slowDown: 2 });
  });
  it("are unknown where nothing was observed, and never 0", () => {
    const nothing = measured({
      measures: [{ id: "first-new-write", title: "t", value: null, unit: "ms" }],
      writes: { total: { ...counts, lost: null }, byClient: { follower: { ...counts, lost: null } } },
      slowDowns: [slow({ p50: null })],
    });
    expect(keyFigures("patroni", nothing)).toEqual({ rto: null, lost: null, slowDown: null });
    expect(keyFigures("unknown-system", measured()).rto).toBeNull();
    expect(keyFigures("constructor", measured()).rto).toBeNull();
  });
  it("know no slow-down of a handful of answers, and no loss where nothing was written", () => {
    expect(keyFigures("etcd", measured({ slowDowns: [slow({ count: 9 })] })).slowDown).toBeNull();
    const none = { ...counts, attempted: 0, acknowledged: 0, lost: 0 };
    expect(keyFigures("etcd", measured({ writes: { total: none, byClient: {} } })).lost).toBeNull();
  });
  it("have units", () => {
    expect([figureText("rto", 3340), figureText("rto", 290), figureText("rto", null)]).toEqual([
      "3.34 s",
      "290 ms",
      "unknown",
    ]);
    expect([figureText("lost", 2956), figureText("slowDown", 1.62), figureText("slowDown", 186)]).toEqual([
      "2,956",
      "1.6×",
      "186×",
    ]);
  });
});

describe("two runs", () => {
  it("are comparable with the same target and parameters, when both came to a conclusion", () => {
    expect(whyNotComparable(pastRun(1), pastRun(2))).toEqual([]);
  });
  it.each<[string, Parameters<typeof pastRun>[2], RegExp]>([
    [
      "experiments",
      { experiment: "redis-split-brain" },
      /different experiments \(run-1: redis-failover, run-2: redis-sp/,
    ],
    ["targets", { namespace: "cache-2" }, /different targets \(.*lab\/cache, .*lab\/cache-2\)/],
    ["parameters", { parameters: { rate: 50 } }, /different parameters .*duration 15s and not there, rate 100 and 50/],
    ["a run that was stopped", { verdicts: verdicts("held", "aborted") }, /run-2 did not complete: it was aborted/],
    ["a run that proves nothing", { verdicts: verdicts("inconclusive") }, /run-2 was inconclusive/],
    ["a report of an older form", { verdicts: null }, /run-2 has a form/],
  ])("are not with %s, and it is said why", (_what, change, reason) => {
    expect(whyNotComparable(pastRun(1), pastRun(2, {}, change)).join(" ")).toMatch(reason);
    expect(comparableBefore(pastRun(3), [pastRun(2, {}, change)])).toEqual([]);
  });
});

function verdicts(hypothesis: "held" | "inconclusive", run: "completed" | "aborted" = "completed") {
  return { hypothesis, run, cleanup: "verified" } as const;
}

describe("where a figure stands", () => {
  it("is worse when it is beyond the tolerance and beyond what the runs spread by", () => {
    const trend = figureTrend("rto", 9000, [3300, 3400, 3200]);
    expect(trend).toMatchObject({ standing: "worse", median: 3300, allowed: 1000 });
  });
  it("is usual within the tolerance, however equal the runs before were", () => {
    expect(figureTrend("rto", 4250, [3300, 3300, 3300]).standing).toBe("usual");
  });
  it("is usual where the runs spread wide, though the tolerance alone would call it worse", () => {
    // Median 20 s, MAD 3 s: 3.5 · 3 / 0.6745 = 15.6 s are allowed; a quarter would be 5 s.
    const trend = figureTrend("rto", 30_000, [20_000, 17_000, 23_000, 14_000, 26_000]);
    expect(trend.allowed).toBeCloseTo(outlierDistance(3000), 6);
    expect(trend.standing).toBe("usual");
  });
  it("is not misled by one bad run among those before", () => {
    expect(figureTrend("rto", 9000, [3300, 3400, 60_000, 3200]).standing).toBe("worse");
  });
  it("is better when it is that much lower", () => {
    expect(figureTrend("slowDown", 1.1, [40, 42, 39]).standing).toBe("better");
  });
  it("is worse with the first lost write, and usual with as many as always", () => {
    expect(figureTrend("lost", 1, [0, 0, 0]).standing).toBe("worse");
    expect(figureTrend("lost", 0, [0, 0, 0]).standing).toBe("usual");
    expect(figureTrend("lost", 9, [0, 0, 0, 4]).standing).toBe("usual");
    expect(figureTrend("lost", 2956, [2900, 3010, 2950]).standing).toBe("usual");
  });
  it("is unknown when it was not observed, and nothing is said of fewer than three runs", () => {
    expect(figureTrend("rto", null, [1, 2, 3]).standing).toBe("unknown");
    expect(figureTrend("rto", null, []).standing).toBe("unknown");
    expect(figureTrend("rto", 90_000, [3300, 3300])).toMatchObject({
      standing: "too-few",
      median: null,
      drift: "none",
    });
  });
  it("drifts when it creeps one way by more in all than runs differ, though no step is worth a word", () => {
    const trend = figureTrend("rto", 4600, [3000, 3400, 3800, 4200]);
    expect(trend).toMatchObject({ standing: "usual", drift: "up" });
    expect(figureTrend("rto", 3000, [4600, 4200, 3800, 3400]).drift).toBe("down");
  });
  it("does not drift by chance, by little, or in four runs", () => {
    expect(figureTrend("rto", 4600, [3800, 3000, 4200, 3400]).drift).toBe("none");
    expect(figureTrend("rto", 3400, [3000, 3100, 3200, 3300]).drift).toBe("none");
    expect(figureTrend("rto", 4200, [3000, 3400, 3800]).drift).toBe("none");
  });
});

describe("the trend of a run", () => {
  it("is among comparable runs before it, oldest first, at most ten", () => {
    const others = [
      ...Array.from({ length: 14 }, (_u, at) => pastRun(at + 1, { rto: 3000 + at })),
      pastRun(15, { rto: 1 }, { parameters: { rate: 7 } }),
      pastRun(16, { rto: null }),
      pastRun(18, { rto: 1 }),
    ];
    const [rto] = trendsOf(pastRun(17, { rto: 3000 }), others);
    expect(rto?.earlier).toEqual([3005, 3006, 3007, 3008, 3009, 3010, 3011, 3012, 3013]);
  });
  it("says nothing of a run that proves nothing, and still knows those before it", () => {
    const run = pastRun(9, { rto: 90_000 }, { verdicts: verdicts("inconclusive") });
    const [rto] = trendsOf(run, [pastRun(1, { rto: 3 }), pastRun(2, { rto: 3 }), pastRun(3, { rto: 3 })]);
    expect(rto).toMatchObject({ standing: "unknown", now: null, median: 3 });
  });
});

describe("the last results", () => {
  it("are by system, experiment and target, the newest first, with their trends", () => {
    const results = lastResults([
      pastRun(1, { rto: 3000 }),
      pastRun(2, { rto: 3100 }),
      pastRun(4, { rto: 3100 }, { experiment: "redis-split-brain" }),
      pastRun(3, { rto: 2900 }),
      pastRun(5, { rto: 9000 }),
      pastRun(6, {}, { system: "etcd", experiment: "etcd-quorum-loss", namespace: "etcd" }),
      pastRun(7, { rto: 3000 }, { cluster: "prod" }),
    ]);
    expect(results.map(({ system }) => system)).toEqual(["redis-sentinel", "etcd"]);
    expect(results[0]?.results.map(({ last, cluster }) => [last.runId, cluster])).toEqual([
      ["run-7", "prod"],
      ["run-5", "lab"],
      ["run-4", "lab"],
    ]);
    expect(results[0]?.results[1]?.trends[0]).toMatchObject({ standing: "worse", now: 9000, median: 3000 });
    expect(lastResults([])).toEqual([]);
  });
});

describe("a figure beside the last comparable run", () => {
  it("is worse, better or the same by the tolerance, also while too few runs are known", () => {
    expect(figureTrend("rto", 5400, [3300])).toMatchObject({ standing: "too-few", step: "worse" });
    expect(figureTrend("rto", 900, [9000, 3300]).step).toBe("better");
    expect(figureTrend("rto", 4200, [3300]).step).toBe("same");
    expect(figureTrend("lost", 1, [0]).step).toBe("worse");
    expect(figureTrend("lost", 0, [1]).step).toBe("better");
    expect([figureTrend("rto", 1, []).step, figureTrend("rto", null, [1]).step]).toEqual(["none", "none"]);
    expect(trendText(figureTrend("rto", 5400, [3300]))).toBe("RTO 5.40 s, worse than the last comparable run (3.30 s)");
  });
  it("has little bars, the largest the highest, and a dot where it was not observed", () => {
    expect(figureBars([0, 4, null, 8])).toBe("▁▅·█");
    expect([figureBars([]), figureBars([0, 0])]).toEqual(["", "▁▁"]);
    expect(figureBars(Array.from({ length: 50 }, () => 1))).toHaveLength(20);
  });
});

describe("a trend in words", () => {
  it("says what is worse, and beside what", () => {
    const worse = figureTrend("rto", 5400, [3300, 3200, 3400]);
    expect(trendText(worse)).toBe("RTO 5.40 s, worse than usual (median 3.30 s of 3 runs)");
    expect(trendSentence([worse, figureTrend("slowDown", 1, [40, 41, 42])])).toBe(
      "RTO worse than usual, slow-down better than usual",
    );
  });
  it("says what creeps up, and what comes down", () => {
    const creeping = figureTrend("rto", 4600, [3000, 3400, 3800, 4200]);
    expect(trendText(creeping)).toMatch(/as usual \(median 3\.60 s of 4 runs\), creeping up over 5 runs$/);
    expect(trendSentence([creeping])).toBe("RTO creeping up from run to run");
    expect(trendText(figureTrend("rto", 3000, [4600, 4200, 3800, 3400]))).toMatch(/coming down over 5 runs$/);
  });
  it("claims nothing of what was not observed or of too few runs", () => {
    expect(trendText(figureTrend("lost", null, [0, 0, 0]))).toBe("Lost writes unknown");
    expect(trendText(figureTrend("lost", 0, []))).toBe("Lost writes 0");
    expect(trendText(figureTrend("lost", 0, [0]))).toBe("Lost writes 0, as in the last comparable run (0)");
    expect(trendSentence([figureTrend("lost", null, [])])).toBe("nothing to compare: no figure was observed");
    expect(trendSentence([figureTrend("lost", 0, [0])])).toMatch(/^too few comparable runs/);
    expect(trendSentence([figureTrend("lost", 0, [0, 0, 0])])).toBe("as usual");
  });
});
