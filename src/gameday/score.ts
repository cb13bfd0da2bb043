import type { Item, Prediction } from "./state.ts";

export type Score = "right" | "wrong" | "no-idea" | "not-said" | "unknown";

/** How one person's prediction came out, for each of the two questions. */
export interface ScoredPrediction {
  by: string;
  hypothesis: Score;
  loss: Score;
  prediction: Prediction;
}

/**
 * Predictions against what came of the run. `unknown`: the run says nothing about it (it was not judged, its hypothesis is
 * inconclusive, or there was no final read), so that nobody is right or wrong. Pure.
 */
export function scorePredictions(item: Pick<Item, "predictions" | "result">): ScoredPrediction[] {
  const verdict = item.result?.verdicts?.hypothesis ?? null;
  const lost = item.result?.lost ?? null;
  return item.predictions.map((prediction) => ({
    by: prediction.by,
    prediction,
    hypothesis: scoreOne(prediction.hypothesis, verdict === "inconclusive" ? null : verdict),
    loss: scoreOne(prediction.loss, lost === null ? null : lost > 0 ? "some" : "none"),
  }));
}

function scoreOne(expected: string | null, came: string | null): Score {
  if (expected === null) return "not-said";
  if (expected === "no-idea") return "no-idea";
  if (came === null) return "unknown";
  return expected === came ? "right" : "wrong";
}
