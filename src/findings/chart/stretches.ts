import type { History } from "../../probes/history.ts";
import { phaseWindows } from "../latency.ts";

/** The three parts of a run that people compare. What is injected takes hold at once: injecting is part of the fault. */
export type Stretch = "baseline" | "fault" | "recovery";

export interface StretchSpan {
  stretch: Stretch;
  fromS: number;
  toS: number;
}

const stretchOf: Readonly<Record<string, Stretch | undefined>> = {
  baseline: "baseline",
  injecting: "fault",
  active: "fault",
  healing: "recovery",
  recovery: "recovery",
};

/** Where the stretches lie, in seconds since the start of the baseline; final reads are in none. */
export function stretchSpans(history: History, endS: number): StretchSpan[] {
  const spans: StretchSpan[] = [];
  for (const { phase, fromMs, toMs } of phaseWindows(history)) {
    const stretch = stretchOf[phase];
    if (stretch === undefined) continue;
    const toS = Math.min(endS, toMs / 1000);
    const last = spans.at(-1);
    if (last?.stretch === stretch) last.toS = toS;
    else if (fromMs / 1000 < endS) spans.push({ stretch, fromS: fromMs / 1000, toS });
  }
  return spans;
}

/** How a stretch is called: a run that breaks nothing has work where others have a fault. */
export function stretchWords(history: History): Readonly<Record<Stretch, string>> {
  const work = history.events.some(({ event }) => event === "without-fault");
  return { baseline: "baseline", fault: work ? "work" : "fault", recovery: "recovery" };
}

/** Whole seconds that a picture of the history spans. */
export function endOf(history: History): number {
  const latestMs = history.operations.reduce((latest, op) => Math.max(latest, op.plannedMs), 1000);
  return Math.ceil(latestMs / 1000);
}
