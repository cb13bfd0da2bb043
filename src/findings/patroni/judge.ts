import { applicationMeasures } from "../application/measures.ts";
import { applicationFindings } from "../application/rules.ts";
import { readApplication } from "../application/story.ts";
import { durationBoundMs } from "../duration-bound.ts";
import { overlapToleranceMs } from "../double-acceptance.ts";
import type { History } from "../../probes/history.ts";
import type { Judge, JudgeContext, Judgement } from "../judge.ts";
import { counted, listed, number, seconds, sentence } from "../words.ts";
import { totalWrites } from "../write-counts.ts";
import { patroniMeasures } from "./measures.ts";
import { patroniRules, type PatroniRule } from "./rules.ts";
import { between } from "../observed.ts";
import { readPatroniTimings } from "./timings.ts";

/**
 * Judges a lost or cut-off primary. Refuted by a lost acknowledged write, by two primaries that accepted writes at once,
 * by an old primary that takes the lock back after a partition, by no promotion, by a first write later than the
 * parameter `maxOutage`, by an old primary that did not rejoin, and by an application that did not write again or, after
 * the promotion, later than `maxReconnect`.
 */
export const judgePatroni: Judge = (history, context) =>
  judgeFailover(history, context, { rules: patroniRules, measures: patroniMeasures });

/** The same verdict by other rules and measures, of one that is managed otherwise. */
export function judgeFailover(
  history: History,
  context: JudgeContext,
  by: { rules: readonly PatroniRule[]; measures: typeof patroniMeasures },
): Judgement {
  const timings = readPatroniTimings(history);
  const { injectedMs, promotedMs, oldPrimary: oldMember, newPrimary: newMember } = timings;
  const deadMs = timings.killed ? injectedMs : timings.demotedMs;
  const application = readApplication(history, { injectedMs, promotedMs, oldMember, newMember, deadMs });
  const findings = [
    ...by.rules.flatMap((rule) => rule({ history, context, timings, application }) ?? []),
    ...applicationFindings(history, context, application),
  ];
  const measures = [...by.measures(history, context, timings), ...applicationMeasures(application)];
  const [reason] = context.unsound;
  if (reason !== undefined) {
    return { hypothesis: "inconclusive", because: `Nothing can be concluded: ${reason}.`, measures, findings };
  }
  const { lost, acknowledged } = totalWrites(context.writes.map(({ counts }) => counts));
  const overlapMs = timings.overlap === null ? 0 : timings.overlap.toMs - timings.overlap.fromMs;
  const writableMs = between(timings.injectedMs, timings.firstNewWriteMs);
  const boundMs = durationBoundMs(context, "maxOutage");
  const reconnectMs = application?.reconnectMs ?? null;
  const reconnectBoundMs = durationBoundMs(context, "maxReconnect");
  const problems = [
    ...(overlapMs > overlapToleranceMs ? [`two primaries accepted writes at once for ${seconds(overlapMs)}`] : []),
    ...(timings.lockBackMs === null ? [] : [`${timings.oldPrimary} took the lock back after the partition`]),
    ...((lost ?? 0) > 0 ? [`${number(lost ?? 0)} of ${counted(acknowledged, "acknowledged write")} were lost`] : []),
    ...(timings.promotedMs === null ? ["nobody else was promoted"] : []),
    ...(timings.promotedMs !== null && writableMs === null ? ["the new primary was never seen to take a write"] : []),
    ...(writableMs !== null && boundMs !== null && writableMs > boundMs
      ? [`writes were accepted again after ${seconds(writableMs)}, later than ${seconds(boundMs)}`]
      : []),
    ...(timings.promotedMs !== null && timings.rejoinedMs === null && timings.lockBackMs === null
      ? ["the old primary did not return as a replica"]
      : []),
    ...(application !== null && timings.promotedMs !== null && application.firstWriteMs === null
      ? ["no write got through the application again"]
      : []),
    ...(reconnectMs !== null && reconnectBoundMs !== null && reconnectMs > reconnectBoundMs
      ? [
          `the application wrote again ${seconds(reconnectMs)} after the promotion, later than ${seconds(reconnectBoundMs)}`,
        ]
      : []),
  ];
  if (problems.length > 0) {
    return { hypothesis: "refuted", because: sentence(listed(problems)), measures, findings };
  }
  const throughAppMs = between(timings.injectedMs, application?.firstWriteMs ?? null);
  const throughApp = throughAppMs === null ? "" : ` and through the application after ${seconds(throughAppMs)}`;
  return {
    hypothesis: "held",
    because: `Writes were accepted again after ${seconds(writableMs ?? 0)} by ${timings.newPrimary}${throughApp}, all ${counted(acknowledged, "acknowledged write")} survived, and ${timings.oldPrimary} returned as a replica.`,
    measures,
    findings,
  };
}
