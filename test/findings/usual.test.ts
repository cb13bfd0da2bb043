import { describe, expect, it } from "vitest";
import { buildReport, type ReportInput } from "../../src/findings/build-report.ts";
import { pastRunOf, type PastRun } from "../../src/findings/comparison/past-run.ts";
import { modifiedScore, spreadOf } from "../../src/findings/comparison/spread.ts";
import { systemVersion } from "../../src/findings/comparison/system-version.ts";
import { leastForFinding, usualOf, type UsualRow } from "../../src/findings/comparison/usual.ts";
import { reportMarkdown } from "../../src/findings/markdown.ts";
import { reportSchema, type Finding, type Measure, type Report } from "../../src/findings/report.ts";
import { contextLines } from "../../src/slack/views/context-lines.ts";
import { killed } from "../support/killed-redis.ts";
import { killedRun } from "../support/killed-report.ts";
import { pastRun } from "../support/past.ts";

const first: Measure = { id: "first-new-write", title: "First write", value: 3000, unit: "ms", better: "lower" };
const seen = (number: number, value: number | null, change: Partial<PastRun> = {}, measure = first): PastRun =>
  pastRun(number, {}, { measures: [{ ...measure, value }], ...change });
const before = (values: readonly number[], measure = first): PastRun[] =>
  values.map((value, at) => seen(at + 1, value, {}, measure));
const placed = (now: number | null, values: readonly number[], measure = first): UsualRow | undefined =>
  usualOf(seen(50, now, {}, measure), before(values, measure)).rows[0];

describe("a measure among those of comparable runs", () => {
  it("is worse beyond the tolerance and beyond a modified z-score of 3.5", () => {
    expect(placed(9000, [3300, 3400, 3200, 3300, 3500, 3100])).toMatchObject({
      standing: "worse",
      median: 3300,
      deviation: 100,
      allowed: 1000,
      runs: 6,
    });
    expect(placed(9000, [3300, 3400, 3200, 3300, 3500, 3100])?.score).toBeCloseTo(38.4, 1);
  });
  it("is as usual within the spread of the runs, though the tolerance alone would call it worse", () => {
    expect(placed(30_000, [20_000, 17_000, 23_000, 14_000, 26_000, 20_000])?.standing).toBe("usual");
  });
  it("is as usual, and not worse by a millisecond, where all runs were the same (MAD 0)", () => {
    const same = [3300, 3300, 3300, 3300, 3300, 3300];
    expect(placed(3301, same)).toMatchObject({ standing: "usual", deviation: 0, score: null, allowed: 1000 });
    expect(placed(4301, same)).toMatchObject({ standing: "worse", deviation: 0, score: null });
  });
  it("is better the way that the measure says", () => {
    const rate: Measure = { ...first, id: "rate", unit: "per-second", better: "higher" };
    const values = [300, 305, 300, 295, 300, 300];
    expect([placed(100, values, rate)?.standing, placed(500, values, rate)?.standing]).toEqual(["worse", "better"]);
    expect(placed(500, values)?.standing).toBe("usual");
  });
  it("is not there where neither way is better", () => {
    expect(usualOf(seen(9, 1, {}, { id: "x", title: "X", value: 1, unit: "ms" }), []).rows).toEqual([]);
  });
  it("is not judged with fewer than six runs that saw it, nor when it was not observed itself", () => {
    expect(placed(90_000, [3300, 3300, 3300, 3300, 3300])).toMatchObject({
      standing: "too-few",
      median: null,
      runs: 5,
    });
    expect(placed(null, [3300, 3300, 3300, 3300, 3300, 3300])).toMatchObject({ standing: "unknown", now: null });
    const blind = [...before([1, 1, 1, 1, 1]), seen(6, null), seen(7, 1, {}, { ...first, unit: "count" })];
    expect(usualOf(seen(50, 9), blind).rows[0]).toMatchObject({ standing: "too-few", runs: 5 });
  });
  it("counts the first lost write, and no other than it usually loses", () => {
    const lost: Measure = { id: "lost", title: "Lost", value: 0, unit: "writes", better: "lower" };
    expect(placed(1, [0, 0, 0, 0, 0, 0], lost)?.standing).toBe("worse");
    expect(placed(0, [0, 0, 0, 0, 0, 0], lost)?.standing).toBe("usual");
    expect(placed(9, [0, 4, 2, 0, 3, 0], lost)?.standing).toBe("usual");
  });
  it("is held only against runs of the same version, parameters and target", () => {
    const others = [
      ...before([3300, 3300, 3300, 3300, 3300]),
      seen(6, 3300, { version: "redis_version 7.2.4" }),
      seen(7, 3300, { parameters: { rate: 7 } }),
      seen(8, 3300, { cluster: "prod" }),
    ];
    expect(usualOf(seen(50, 9000), others).runs).toEqual(["run-1", "run-2", "run-3", "run-4", "run-5"]);
  });
});

describe("the limit", () => {
  it("calls of unchanged normal values fewer than one in twenty worse with six runs, and far more with three", () => {
    const draw = normal(1);
    const share = (runs: number): number => {
      let above = 0;
      const times = 20_000;
      for (let at = 0; at < times; at += 1) {
        const spread = spreadOf({ id: "x", unit: "ms" }, Array.from({ length: runs }, draw));
        if (spread !== null && (modifiedScore(draw(), spread) ?? 0) > 3.5) above += 1;
      }
      return above / times;
    };
    expect(share(leastForFinding)).toBeLessThan(0.05);
    expect(share(3)).toBeGreaterThan(0.1);
  });
});

/** Normal values by Box and Muller from a linear congruential generator: the same each time. */
function normal(seed: number): () => number {
  let state = seed;
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(next())) * Math.cos(2 * Math.PI * next());
}

describe("the version of what ran", () => {
  const setting = (member: string, name: string, value: string) => ({ member, name, value });
  it("is read from the settings, once for all members, and all of them where they differ", () => {
    expect(systemVersion([setting("a", "redis_version", "7.0.15"), setting("b", "redis_version", "7.0.15")])).toBe(
      "redis_version 7.0.15",
    );
    expect(systemVersion([setting("a", "version", "3.5.9"), setting("b", "version", "3.4.23")])).toBe(
      "version 3.4.23, version 3.5.9",
    );
    expect(systemVersion([setting("a", "server_version", "15.5"), setting("a", "patroni-version", "3.0.2")])).toBe(
      "patroni-version 3.0.2, server_version 15.5",
    );
  });
  it("is not told by a setting that only has the word in it, and null where none tells", () => {
    expect(
      systemVersion([setting("a", "conversions", "1"), setting("a", "inter.broker.protocol.version", "3")]),
    ).toBeNull();
  });
});

describe("the finding of a run after others", () => {
  const run = {
    ...killedRun,
    id: "run-50",
    startedAt: "2026-01-01T00:50:00.000Z",
    endedAt: "2026-01-01T00:51:00.000Z",
  };
  const report = (change: Partial<ReportInput> = {}): Report =>
    buildReport({
      history: killed(),
      run,
      runVerdict: "completed",
      cleanupVerdict: "verified",
      guards: [],
      cleanup: [],
      ...change,
    });
  /** `count` runs before it with the same figures but the first write. */
  const earlierRuns = (count: number, firstWriteMs: number): PastRun[] => {
    const same = pastRunOf(report());
    return Array.from({ length: count }, (_u, at): PastRun => {
      const endedAt = new Date(Date.UTC(2026, 0, 1, 0, at)).toISOString();
      const measures = same.measures.map((one) => (one.id === first.id ? { ...one, value: firstWriteMs } : one));
      return { ...same, runId: `run-${at + 1}`, endedAt, measures };
    });
  };
  const compared = (now: Report): Finding | undefined => now.findings.find(({ id }) => id.startsWith("comparison."));

  it("is a regression beside the median of enough comparable runs, with the figures it rests on", () => {
    const now = report({ earlierRuns: earlierRuns(6, 900) });
    expect(compared(now)).toMatchObject({ id: "comparison.regression", severity: "medium" });
    expect(compared(now)?.title).toBe(
      "Kill to first write on the new master: 3.00 s, worse than usual (median 900 ms of 6 runs)",
    );
    expect(compared(now)?.evidence[0]).toBe(
      "Kill to first write on the new master: 3.00 s, median 900 ms; the runs before were all the same, and up to 1.00 s from it would count as none",
    );
    expect(reportMarkdown(now)).toContain("## Compared with what is usual");
    expect(contextLines(now).join("\n")).toMatch(
      /Compared with the median of 6 comparable runs: 1 worse, \d+ as usual/,
    );
    expect(reportSchema.parse(JSON.parse(JSON.stringify(now))).usual?.runs).toHaveLength(6);
  });
  it("is quiet when all is as usual, though the last run alone was much faster", () => {
    const same = report();
    const fast = same.measures.map((one) => (one.id === first.id ? { ...one, value: 900 } : one));
    const previous = { ...same, run: { ...same.run, id: "run-49" }, measures: fast };
    // The control: held against the last run only, it is one.
    expect(compared(report({ previous }))?.id).toBe("comparison.regression");
    const now = report({ previous, earlierRuns: earlierRuns(6, 3001) });
    expect(compared(now)).toMatchObject({ id: "comparison.no-regression", severity: "info" });
    expect(compared(now)?.title).toBe("Nothing is worse than usual: compared with 6 comparable runs");
  });
  it("counts first lost writes for more than a slower failover", () => {
    const now = report({ history: killed({ unsent: 2 }), earlierRuns: earlierRuns(6, 3001) });
    expect(compared(now)).toMatchObject({ id: "comparison.regression", severity: "high" });
  });
  it("says of too few runs that it is not judged by them, and is judged by the last run", () => {
    const same = report();
    const previous = { ...same, run: { ...same.run, id: "run-5" } };
    const now = report({ previous, earlierRuns: earlierRuns(5, 900) });
    expect(compared(now)).toMatchObject({ id: "comparison.no-regression", title: "Nothing is worse than in run-5" });
    expect(compared(now)?.evidence).toContain(
      "Not judged by what is usual: 5 comparable runs before it (same parameters, target and version), and it takes 6.",
    );
    expect(contextLines(now).join("\n")).toContain("Not judged by what is usual: 5 comparable runs");
    expect(now.usual?.rows.filter(({ now: value }) => value !== null).map(({ standing }) => standing)).not.toContain(
      "worse",
    );
  });
  it("does not exist for a run that proves nothing, nor for the first of its kind", () => {
    const blind = report({ history: { ...killed(), finalReads: [] }, earlierRuns: earlierRuns(6, 900) });
    expect(compared(blind)).toBeUndefined();
    expect(compared(report({ earlierRuns: [] }))).toBeUndefined();
    expect(contextLines(report({ earlierRuns: [] })).join("\n")).not.toContain("usual");
  });
});
