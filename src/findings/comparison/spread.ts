import type { Measure } from "../report.ts";
import { median, medianDeviation, outlierDistance } from "./robust.ts";
import { toleranceAround } from "./tolerance.ts";

/** What a measure of comparable runs usually is, and how far it lies from that anyhow; in the measure's unit. */
export interface Spread {
  median: number;
  /** Median absolute deviation. */
  deviation: number;
  /** Farther from the median than this is more than runs differ by. */
  allowed: number;
}

/**
 * The spread of the values of comparable runs; null of none. `allowed` is the larger of the tolerance and the distance of
 * an outlier (`outlierDistance`), so that runs that were all the same (MAD 0) do not make a regression of the first
 * millisecond. Of lost writes, where there never were any, the first one counts.
 */
export function spreadOf(
  measure: { id: string; unit: Measure["unit"] | "times" },
  values: readonly number[],
): Spread | null {
  const middle = median(values);
  const deviation = medianDeviation(values);
  if (middle === null || deviation === null) return null;
  const neverLost = measure.id === "lost" && values.every((value) => value === 0);
  const tolerance = neverLost ? 0 : toleranceAround(measure.unit, middle);
  return { median: middle, deviation, allowed: Math.max(tolerance, outlierDistance(deviation)) };
}

/**
 * The modified z-score, 0.6745 · (x − median) / MAD (Iglewicz and Hoaglin, see `outlierDistance`); null where all runs were
 * the same, so that there is nothing to divide by.
 */
export function modifiedScore(value: number, { median: middle, deviation }: Spread): number | null {
  return deviation === 0 ? null : (0.6745 * (value - middle)) / deviation;
}
