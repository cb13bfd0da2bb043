import type { Measure, Report } from "../report.ts";
import { claims, type Claim } from "./claims.ts";
import { placeOf } from "./place.ts";

/** What one run measured; the run that is judged now, or an earlier one. */
export interface MeasuredRun {
  runId: string;
  system: string;
  experiment: string;
  endedAt: string;
  measures: readonly Measure[];
}

/**
 * Claimed against measured recovery times, a row per system: measured by this run, or else by the newest run that did;
 * `measured` null where no run has.
 */
export function recoveryTimes(now: MeasuredRun | null, earlier: readonly MeasuredRun[]): Report["recoveryTimes"] {
  const runs = now === null ? earlier : [now, ...earlier];
  return claims.map((entry) => {
    const { title, claim } = entry;
    const found = lastMeasured(entry, runs);
    return {
      title,
      claim,
      measured: found === null ? null : { ...found, place: claim === null ? null : placeOf(found.valueMs, claim) },
      ...(entry.note === undefined ? {} : { note: entry.note }),
    };
  });
}

function lastMeasured({ system, measures }: Claim, runs: readonly MeasuredRun[]) {
  for (const { experiment, measure } of measures) {
    for (const run of runs) {
      if (run.system !== system || run.experiment !== experiment) continue;
      const value = run.measures.find(({ id, unit }) => id === measure && unit === "ms")?.value ?? null;
      if (value !== null) return { valueMs: value, run: run.runId, experiment, endedAt: run.endedAt };
    }
  }
  return null;
}
