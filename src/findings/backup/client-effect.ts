import type { History } from "../../probes/history.ts";
import type { Step } from "./evidence.ts";

export interface ClientEffect {
  step: string;
  /** 99th percentile of the latency from the intended start, of acknowledged writes. */
  p99Ms: number;
  writes: number;
}

/** Fewer writes than this have no 99th percentile worth a sentence. */
const leastWrites = 20;

/** How long the write clients' writes took before the exercise, and while each of its steps ran. */
export function clientEffects(
  history: History,
  steps: ReadonlyArray<{ step: string; taken: Step | null }>,
): { baseline: ClientEffect | null; during: ClientEffect[] } {
  const beganMs = history.events.find(({ event }) => event === "fault-injected")?.atMs ?? null;
  const measure = (step: string, fromMs: number, toMs: number): ClientEffect | null => {
    const times = history.operations
      .filter(
        ({ kind, outcome, plannedMs }) =>
          kind === "write" && outcome === "ok" && plannedMs >= fromMs && plannedMs < toMs,
      )
      .map(({ plannedMs, endMs }) => endMs - plannedMs)
      .toSorted((a, b) => a - b);
    if (times.length < leastWrites) return null;
    return { step, p99Ms: times[Math.ceil(0.99 * times.length) - 1] ?? 0, writes: times.length };
  };
  return {
    baseline: beganMs === null ? null : measure("before", 0, beganMs),
    during: steps.flatMap(({ step, taken }) => {
      const tookMs = taken?.number("tookMs") ?? null;
      return taken === null || tookMs === null ? [] : (measure(step, taken.fromMs, taken.fromMs + tookMs) ?? []);
    }),
  };
}
