import type { Report } from "../report.ts";
import type { PastRun } from "./past-run.ts";
import { modifiedScore, spreadOf } from "./spread.ts";
import { comparableBefore } from "./trend.ts";

export type Usual = NonNullable<Report["usual"]>;
export type UsualRow = Usual["rows"][number];

/**
 * So many comparable runs before it have to have seen a measure before it is called a regression. Of normally distributed
 * values that nothing changed, one in 26 lies above the limit with six runs before it, and one in 7 with three (200,000
 * draws each; test/findings/usual.test.ts repeats it with fewer). Until then only the last run is looked at.
 */
export const leastForFinding = 6;

/**
 * The measures of a run that say which way is better, each among those of the comparable runs before it (same experiment,
 * target, version and parameters, both conclusive; the newest ten).
 */
export function usualOf(run: PastRun, others: readonly PastRun[]): Usual {
  const earlier = comparableBefore(run, others);
  return {
    least: leastForFinding,
    runs: earlier.map(({ runId }) => runId),
    rows: run.measures.flatMap((measure): UsualRow[] => {
      const { id, title, unit, value: now, better } = measure;
      if (better === undefined) return [];
      const values = earlier.flatMap(({ measures }) => {
        const same = measures.find((one) => one.id === id && one.unit === unit);
        return same?.value ?? [];
      });
      const common = { id, title, unit, now, runs: values.length };
      const spread = values.length < leastForFinding ? null : spreadOf(measure, values);
      if (spread === null) {
        const none = { median: null, deviation: null, allowed: null, score: null };
        return [{ ...common, ...none, standing: now === null ? "unknown" : "too-few" }];
      }
      if (now === null) return [{ ...common, ...spread, score: null, standing: "unknown" }];
      const isUsual = Math.abs(now - spread.median) <= spread.allowed;
      const isBetter = now < spread.median === (better === "lower");
      const standing = isUsual ? "usual" : isBetter ? "better" : "worse";
      return [{ ...common, ...spread, score: modifiedScore(now, spread), standing }];
    }),
  };
}
