import type { TimelineEvent } from "../history.ts";

export type StageName = "before" | "during" | "after";

/** Back at the baseline: the median write is at most this many times slower, or this much, whichever is more. */
const backFactor = 3;
const backToleranceMs = 10;

export function backBoundMs(baselineMs: number): number {
  return Math.max(backFactor * baselineMs, baselineMs + backToleranceMs);
}

/** Times of the answered samples of one query in one stage, in the order of asking. */
export function samplesOf(events: readonly TimelineEvent[], stage: StageName, query: string): number[] {
  return events
    .filter(({ event, detail }) => event === "sample" && detail["stage"] === stage && detail["query"] === query)
    .flatMap(({ detail }) => (detail["error"] === null ? [Number(detail["ms"])] : []));
}

/** The lower median; null of nothing. */
export function medianOf(values: readonly number[]): number | null {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? null;
}
