import { formatDuration } from "../../experiment/duration.ts";
import type { WatchPlan } from "../../experiment/resolve-watch.ts";
import type { Sample } from "./watches.ts";

/** What one question brought. `unknown`: no answer, no data, or a value that is no number. */
export type Reading = { known: true; holds: boolean; measured: string } | { known: false; why: string };

/** Since when something is so, in milliseconds of any one clock; null: it is not. */
export interface WatchState {
  holdsSinceMs: number | null;
  unknownSinceMs: number | null;
}

export const notYetAsked: WatchState = { holdsSinceMs: null, unknownSinceMs: null };

/** Pure: an answer against the condition's limit. Of several series, the worst one counts. */
export function readingOf({ ask, limit }: WatchPlan, samples: readonly Sample[]): Reading {
  if (ask.of === "alertmanager") {
    const named = samples.map(({ series }) => series).slice(0, 3);
    const more = samples.length > named.length ? ` and ${samples.length - named.length} more` : "";
    const measured = samples.length === 0 ? "no such alert is firing" : `firing: ${named.join(", ")}${more}`;
    return { known: true, holds: samples.length > 0, measured };
  }
  const numbers = samples.filter(({ value }) => !Number.isNaN(value));
  const isAbove = "above" in limit;
  const [first, ...others] = numbers;
  if (first === undefined)
    return { known: false, why: samples.length === 0 ? "no data" : "the value is no number (NaN)" };
  const isWorse = (a: number, b: number): boolean => (isAbove ? a > b : a < b);
  const worst = others.reduce((found, sample) => (isWorse(sample.value, found.value) ? sample : found), first);
  const holds = isAbove ? worst.value > limit.above : worst.value < limit.below;
  const measured = `${String(worst.value)}${worst.series === "{}" ? "" : ` of ${worst.series}`}`;
  // A series without a number may be the one that is beyond the limit.
  if (!holds && numbers.length < samples.length) return { known: false, why: "a value is no number (NaN)" };
  return { known: true, holds, measured };
}

/** The limit in words, with the time that it must be passed for. */
export function limitText({ ask, limit, forMs }: WatchPlan): string {
  const held = forMs === 0 ? "" : ` for ${formatDuration(forMs)}`;
  if (ask.of === "alertmanager") return `not firing${held}`;
  return "above" in limit ? `not above ${limit.above}${held}` : `not below ${limit.below}${held}`;
}

/**
 * Pure: what a reading makes of a condition. Why it stops the run, or null. Not knowing neither fulfils a condition nor
 * resets it, and stops by itself when it lasts, unless the condition says that it may.
 */
export function judgeWatch(
  plan: WatchPlan,
  before: WatchState,
  reading: Reading,
  atMs: number,
): { state: WatchState; stops: string | null } {
  if (!reading.known) {
    const unknownSinceMs = before.unknownSinceMs ?? atMs;
    const lastsMs = atMs - unknownSinceMs;
    const isOver = plan.onUnknown === "stop" && lastsMs >= plan.unknownAfterMs;
    const stops = isOver ? `unknown for ${formatDuration(Math.round(lastsMs / 100) * 100)}: ${reading.why}` : null;
    return { state: { ...before, unknownSinceMs }, stops };
  }
  if (!reading.holds) return { state: notYetAsked, stops: null };
  const holdsSinceMs = before.holdsSinceMs ?? atMs;
  const stops = atMs - holdsSinceMs >= plan.forMs ? reading.measured : null;
  return { state: { holdsSinceMs, unknownSinceMs: null }, stops };
}
