import type { Judge } from "../judge.ts";
import { totalWrites } from "../write-counts.ts";
import { measure } from "./measures.ts";
import { rules } from "./rules.ts";
import { readTimings } from "./timings.ts";

/**
 * Two members whose acknowledgements overlap by less than this are not called a split brain: two clients' clocks of
 * one process agree, but an answer may be on its way when the other member starts.
 */
const overlapToleranceMs = 50;

/** Judges a run against Redis with Sentinel. Refuted by proof; held only when sound; otherwise inconclusive. */
export const judgeRedisSentinel: Judge = (history, context) => {
  const timings = readTimings(history);
  const total = totalWrites(context.writes.map(({ counts }) => counts));
  const overlapMs = timings.overlap === null ? 0 : timings.overlap.toMs - timings.overlap.fromMs;
  const findings = rules.flatMap((rule) => rule({ history, context, timings }) ?? []);
  const measures = measure(history, context, timings);
  const [reason] = context.unsound;
  if (reason !== undefined) {
    return { hypothesis: "inconclusive", because: `Nothing can be concluded: ${reason}.`, measures, findings };
  }
  const lost = total.lost ?? 0;
  if (lost > 0 || overlapMs > overlapToleranceMs) {
    const parts = [
      ...(overlapMs > overlapToleranceMs
        ? [`two masters accepted writes at once for ${(overlapMs / 1000).toFixed(1)} s`]
        : []),
      ...(lost > 0 ? [`${lost.toLocaleString("en-US")} acknowledged writes were lost`] : []),
    ];
    const text = parts.join(", and ");
    return { hypothesis: "refuted", because: `${text.charAt(0).toUpperCase()}${text.slice(1)}.`, measures, findings };
  }
  return {
    hypothesis: "held",
    because: `All ${total.acknowledged.toLocaleString("en-US")} acknowledged writes survived, and no two masters accepted writes at once.`,
    measures,
    findings,
  };
};
