import { durationBoundMs } from "../duration-bound.ts";
import type { Judge } from "../judge.ts";
import { counted, listed, number, seconds, sentence } from "../words.ts";
import { divergentMembers, totalWrites } from "../write-counts.ts";
import { rescheduleMeasures } from "./measures.ts";
import { rescheduleFindings } from "./rules.ts";
import { changedNode, dataIsThere, readRescheduleTimings, sinceDeletion } from "./timings.ts";

/**
 * Judges a member that was moved to another node. Refuted when it was not ready again on another node within the
 * parameter `maxReschedule`, when its volume or what was on it is not that of before, when an acknowledged write was
 * lost, or when members hold different data.
 */
export const judgeReschedule: Judge = (history, context) => {
  const timings = readRescheduleTimings(history);
  const findings = rescheduleFindings({ history, context, timings });
  const measures = rescheduleMeasures(history, context, timings);
  const there = dataIsThere(timings);
  const unsound = [
    ...context.unsound,
    ...(timings.deletedMs === null ? ["the pod was never deleted"] : []),
    ...(there === null && timings.readyMs !== null ? ["the marker rows were not read both before and after"] : []),
  ];
  const [reason] = unsound;
  if (reason !== undefined) {
    return { hypothesis: "inconclusive", because: `Nothing can be concluded: ${reason}.`, measures, findings };
  }
  const { lost, acknowledged } = totalWrites(context.writes.map(({ counts }) => counts));
  const tookMs = sinceDeletion(timings, timings.readyMs);
  const boundMs = durationBoundMs(context, "maxReschedule");
  const moved = changedNode(timings);
  const pod = `the pod of ${timings.member}`;
  const problems = [
    ...(tookMs === null ? [`${pod} was not ready again`] : []),
    ...(tookMs !== null && moved !== true ? [`${pod} was not seen to come to another node`] : []),
    ...(tookMs !== null && boundMs !== null && tookMs > boundMs
      ? [`${pod} was ready after ${seconds(tookMs)}, later than ${seconds(boundMs)}`]
      : []),
    ...(there === false ? [`what ${timings.member} holds is not what it held before`] : []),
    ...((lost ?? 0) > 0 ? [`${number(lost ?? 0)} of ${counted(acknowledged, "acknowledged write")} were lost`] : []),
    ...(divergentMembers(history).length > 0 ? ["members hold different data"] : []),
  ];
  if (problems.length > 0) {
    return { hypothesis: "refuted", because: sentence(listed(problems)), measures, findings };
  }
  return {
    hypothesis: "held",
    because: `The pod of ${timings.member} was ready on ${timings.toNode} ${seconds(tookMs ?? 0)} after it was deleted on ${timings.fromNode}, with its volume and all ${number(timings.markerAfter?.rows ?? 0)} marker rows, and all ${counted(acknowledged, "acknowledged write")} survived.`,
    measures,
    findings,
  };
};
