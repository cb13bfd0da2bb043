import type { Measure, Report } from "../report.ts";
import { placeOf } from "./place.ts";
import { timelines } from "./timelines.ts";

/** The expected steps of an experiment beside the measured ones; null: nothing is expected of it step by step. */
export function expectedSteps(experiment: string, measures: readonly Measure[]): Report["expected"] {
  const timeline = timelines.find((candidate) => candidate.experiment === experiment);
  if (timeline === undefined) return null;
  return {
    source: timeline.source,
    steps: timeline.steps.map(({ title, fromMs, toMs, measures: wanted }) => {
      const measuredMs =
        wanted
          .map((id) => measures.find((measure) => measure.id === id)?.value ?? null)
          .find((value) => value !== null) ?? null;
      return {
        title,
        fromMs,
        toMs,
        measuredMs,
        place: measuredMs === null ? null : placeOf(measuredMs, { fromMs, toMs }),
      };
    }),
  };
}
