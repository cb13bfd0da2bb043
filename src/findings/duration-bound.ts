import { parseDurationMs } from "../experiment/duration.ts";
import type { JudgeContext } from "./judge.ts";

/** A bound that the run's parameters set for the hypothesis, in milliseconds; null when the run has no such parameter. */
export function durationBoundMs({ parameters }: JudgeContext, name: string): number | null {
  const bound = parameters[name];
  return typeof bound === "string" ? parseDurationMs(bound) : null;
}
