import type { History } from "../../probes/history.ts";
import type { Judge } from "../judge.ts";
import { overlapToleranceMs } from "../double-acceptance.ts";
import { sentence } from "../words.ts";
import { totalWrites } from "../write-counts.ts";
import { judgeKill } from "./judge-kill.ts";
import { killMeasures } from "./kill-measures.ts";
import { measure } from "./measures.ts";
import { rules } from "./rules.ts";
import { readTimings, type Timings } from "./timings.ts";

/**
 * Judges a run against Redis with Sentinel. Inconclusive when the history is not sound; refuted by lost acknowledged
 * writes, or by two members accepting writes at once for longer than the tolerance; held only when a failover put it to
 * the test. A run in which no new master was promoted, or in which one was promoted before the fault, proves nothing.
 */
export const judgeRedisSentinel: Judge = (history, context) => {
  const timings = readTimings(history);
  const total = totalWrites(context.writes.map(({ counts }) => counts));
  const overlapMs = timings.overlap === null ? 0 : timings.overlap.toMs - timings.overlap.fromMs;
  const findings = rules.flatMap((rule) => rule({ history, context, timings }) ?? []);
  const measures =
    timings.killed === null ? measure(history, context, timings) : killMeasures(history, context, timings);
  const [reason = failoverBeforeFault(history, timings)] = context.unsound;
  if (reason !== undefined) {
    return { hypothesis: "inconclusive", because: `Nothing can be concluded: ${reason}.`, measures, findings };
  }
  if (timings.killed !== null) return { ...judgeKill({ history, context, timings }), measures, findings };
  const lost = total.lost ?? 0;
  if (lost > 0 || overlapMs > overlapToleranceMs) {
    const parts = [
      ...(overlapMs > overlapToleranceMs
        ? [`two masters accepted writes at once for ${(overlapMs / 1000).toFixed(1)} s`]
        : []),
      ...(lost > 0 ? [`${lost.toLocaleString("en-US")} acknowledged writes were lost`] : []),
    ];
    return { hypothesis: "refuted", because: sentence(parts.join(", and ")), measures, findings };
  }
  if (timings.switchMs === null) {
    return {
      hypothesis: "inconclusive",
      because: "Nothing can be concluded: no new master was promoted, so the hypothesis was not put to the test.",
      measures,
      findings,
    };
  }
  return {
    hypothesis: "held",
    because: `All ${total.acknowledged.toLocaleString("en-US")} acknowledged writes survived, and no two masters accepted writes at once.`,
    measures,
    findings,
  };
};

function failoverBeforeFault(history: History, { injectedMs }: Timings): string | undefined {
  if (injectedMs === null) return undefined;
  return history.events.some(({ event, atMs }) => event === "+switch-master" && atMs < injectedMs)
    ? "a failover happened before anything was injected"
    : undefined;
}
