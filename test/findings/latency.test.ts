import { describe, expect, it } from "vitest";
import { latencyByPhase, slowDowns } from "../../src/findings/latency.ts";
import { latencyMarkdown } from "../../src/findings/latency-markdown.ts";
import { quantile } from "../../src/findings/sets.ts";
import type { History, PhaseMark } from "../../src/probes/history.ts";
import { history, op } from "../support/history-builder.ts";

const phases: PhaseMark[] = (["baseline", "injecting", "active", "healing", "recovery"] as const).map((phase, at) => ({
  type: "phase",
  atMs: at * 10_000,
  phase,
}));

/** `count` operations from `fromMs` on, 1 ms apart, the nth of which takes `tookMs(n)`. */
function burst(fromMs: number, count: number, tookMs: (n: number) => number) {
  return Array.from({ length: count }, (_unused, n) => op({ seq: fromMs + n + 1, at: fromMs + n, took: tookMs(n) }));
}
const of = (h: History, phase: string) => latencyByPhase(h).find((row) => row.phase === phase);
const markdown = (h: History): string => latencyMarkdown({ latency: latencyByPhase(h), slowDowns: slowDowns(h) });

describe("latency per phase", () => {
  it("counts from the planned time, in the phase in which an operation was due, whenever it ended", () => {
    const late = { ...op({ seq: 1, at: 9999, took: 51 }), startMs: 10_030 };
    const h = history({ phases, operations: [late] });
    expect(of(h, "baseline")).toMatchObject({ count: 1, notOk: 0 });
    expect(of(h, "baseline")?.p50Ms).toBeCloseTo(51, 1);
    expect(of(h, "injecting")).toMatchObject({ count: 0, p50Ms: null, maxMs: null });
  });

  it("agrees with sorted values to a thousandth, over five orders of magnitude", () => {
    const took = (n: number): number => 0.05 * 1.002 ** n;
    const h = history({ phases, operations: burst(0, 6000, took) });
    const sorted = Array.from({ length: 6000 }, (_unused, n) => took(n)).toSorted((a, b) => a - b);
    const row = of(h, "baseline");
    for (const [share, value] of [
      [0.5, row?.p50Ms],
      [0.95, row?.p95Ms],
      [0.99, row?.p99Ms],
      [0.999, row?.p999Ms],
      [1, row?.maxMs],
    ] as const) {
      const exact = quantile(sorted, share) ?? 0;
      expect(Math.abs((value ?? 0) / exact - 1), `at ${share}`).toBeLessThan(0.002);
    }
  });

  it.each([
    ["p95Ms", 100],
    ["p99Ms", 500],
    ["p999Ms", 5000],
  ] as const)("quotes no %s of fewer than %i values", (name, least) => {
    const row = (count: number) => of(history({ phases, operations: burst(0, count, () => 1) }), "baseline")?.[name];
    expect(row(least - 1)).toBeNull();
    expect(row(least)).toBeCloseTo(1, 2);
  });

  it("gives what was not acknowledged no latency, and counts it", () => {
    const operations = [
      ...burst(0, 10, () => 1),
      op({ seq: 100, at: 20, took: 1000, outcome: "unknown", error: "timeout" }),
      op({ seq: 101, at: 21, took: 0, outcome: "fail", error: "refused" }),
    ];
    const row = of(history({ phases, operations }), "baseline");
    expect(row).toMatchObject({ count: 10, notOk: 2 });
    expect(row?.maxMs).toBeCloseTo(1, 2);
  });
});

describe("slow-down", () => {
  const slower = history({
    phases,
    operations: [...burst(0, 600, () => 2), ...burst(10_000, 300, () => 320), ...burst(20_000, 300, () => 320)],
  });

  it("compares the time with the fault, injection included, with the baseline", () => {
    const [fault, ...rest] = slowDowns(slower);
    expect(rest).toEqual([]);
    expect(fault).toMatchObject({ stretch: "fault", baselineCount: 600, count: 600, notOk: 0 });
    for (const factor of [fault?.p50, fault?.p99, fault?.max]) expect(factor).toBeCloseTo(160, 0);
    expect(markdown(slower)).toContain("| follower | during the fault | 160× | 160× | 160× | 160× | 600 (600) | 0 |");
  });

  it("claims no factor when one side has too few values, and says so", () => {
    const few = history({ phases, operations: [...burst(0, 600, () => 2), ...burst(20_000, 50, () => 4)] });
    expect(slowDowns(few)[0]).toMatchObject({ count: 50, p95: null, p99: null });
    expect(markdown(few)).toContain("| 2.0× | too few | too few | 2.0× | 50 (600) |");
  });

  it("has no factor for a client that got no answer at all", () => {
    const operations = [...burst(0, 600, () => 2), op({ seq: 9999, at: 20_000, outcome: "fail", error: "refused" })];
    const h = history({ phases, operations });
    expect(slowDowns(h)[0]).toMatchObject({ count: 0, notOk: 1, p50: null, max: null });
    expect(markdown(h)).toContain("| none | none | none | none | 0 (600) | 1 |");
  });
});
