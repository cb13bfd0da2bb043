import type { Measure } from "../report.ts";

/**
 * How much two runs of one experiment may differ without being called different. Times: a second, which is what Sentinel
 * spreads by, or a quarter, which is about what Patroni's `loop_wait` makes of its failover (both measured:
 * anchors/consistency-and-failover.md 0). Shares: two points. How many times slower: once, or a half, since a busy machine
 * alone slows writes so much. Everything else: ten, or a tenth.
 */
const tolerances: Readonly<Record<Measure["unit"] | "times", { absolute: number; relative: number }>> = {
  ms: { absolute: 1000, relative: 0.25 },
  percent: { absolute: 2, relative: 0 },
  writes: { absolute: 10, relative: 0.1 },
  reads: { absolute: 10, relative: 0.1 },
  bytes: { absolute: 10, relative: 0.1 },
  count: { absolute: 10, relative: 0.1 },
  "per-second": { absolute: 10, relative: 0.1 },
  times: { absolute: 1, relative: 0.5 },
};

/** By how much a value around `around` differs anyhow. */
export function toleranceAround(unit: keyof typeof tolerances, around: number): number {
  const { absolute, relative } = tolerances[unit];
  return Math.max(absolute, relative * Math.abs(around));
}

/** In words, for the report. */
export const toleranceText =
  "Changes of up to 1 s or a quarter of a time, 2 points of a share, and 10 or a tenth of anything else count as none; a first lost write counts always.";

/** Whether a change from `before` to `now` is more than runs differ by anyhow. */
export function isChange(measure: Pick<Measure, "id" | "unit">, before: number, now: number): boolean {
  // Of lost writes the first one matters.
  if (measure.id === "lost" && (before === 0) !== (now === 0)) return true;
  return Math.abs(now - before) > toleranceAround(measure.unit, before);
}
