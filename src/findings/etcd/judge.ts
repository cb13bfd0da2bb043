import { durationBoundMs } from "../duration-bound.ts";
import { lossMeasures, serviceMeasures, timeMeasure } from "../generic-measures.ts";
import type { Judge } from "../judge.ts";
import type { Measure } from "../report.ts";
import { counted, listed, seconds, sentence } from "../words.ts";
import { totalWrites } from "../write-counts.ts";
import { etcdRules } from "./rules.ts";
import { between } from "../observed.ts";
import { readEtcdTimings, type EtcdTimings } from "./timings.ts";

/**
 * Judges a lost quorum. Refuted by a lost acknowledged write, by a write or a linearizable read that was answered
 * without a quorum, by serializable reads that were not, by members that differ, and by a recovery slower than the
 * parameter `maxRecovery`. Inconclusive when the quorum was never seen to be gone.
 */
export const judgeEtcd: Judge = (history, context) => {
  const timings = readEtcdTimings(history);
  const findings = etcdRules.flatMap((rule) => rule({ history, context, timings }) ?? []);
  const measures = [...etcdMeasures(timings), ...lossMeasures(context), ...serviceMeasures(history, context)];
  const [reason = timings.leaderlessMs === null ? "no surviving member was seen without a leader" : undefined] =
    context.unsound;
  if (reason !== undefined) {
    return { hypothesis: "inconclusive", because: `Nothing can be concluded: ${reason}.`, measures, findings };
  }
  const { lost, acknowledged } = totalWrites(context.writes.map(({ counts }) => counts));
  const backMs = between(timings.removedMs, timings.firstAckMs);
  const boundMs = durationBoundMs(context, "maxRecovery");
  const problems = [
    ...((lost ?? 0) > 0 ? [`${lost} of ${counted(acknowledged, "acknowledged write")} were lost`] : []),
    ...(timings.writesWithout.length > 0
      ? [`${counted(timings.writesWithout.length, "write")} acknowledged without a quorum`]
      : []),
    ...(timings.quorumReadsWithout.length > 0
      ? [`${counted(timings.quorumReadsWithout.length, "linearizable read")} answered without a quorum`]
      : []),
    ...(timings.ownReadsWithout.length === 0 ? ["the survivor answered no serializable read"] : []),
    ...(new Set(timings.hashes.map(({ hash }) => hash)).size > 1 ? ["the members' hashes differ"] : []),
    ...(backMs === null ? ["no write was acknowledged after the members were let go"] : []),
    ...(backMs !== null && boundMs !== null && backMs > boundMs
      ? [
          `writes were accepted again only ${seconds(backMs)} after the members were let go (allowed: ${seconds(boundMs)})`,
        ]
      : []),
  ];
  if (problems.length > 0) {
    return { hypothesis: "refuted", because: sentence(listed(problems)), measures, findings };
  }
  return {
    hypothesis: "held",
    because: `Without a quorum no write and no linearizable read was answered, serializable reads were; writes were accepted again ${seconds(backMs ?? 0)} after the members were let go, and all ${counted(acknowledged, "acknowledged write")} survived on every member.`,
    measures,
    findings,
  };
};

function etcdMeasures(timings: EtcdTimings): Measure[] {
  const count = (id: string, title: string, value: number, unit: Measure["unit"]): Measure => ({
    id,
    title,
    value,
    unit,
  });
  const leader = (name: string | null, term: number | null): string =>
    `${name ?? "unknown"}, term ${term ?? "unknown"}`;
  return [
    timeMeasure(
      "leaderless",
      "Injection to a survivor without a leader",
      between(timings.injectedMs, timings.leaderlessMs),
    ),
    count("writes-without-quorum", "Writes acknowledged without a quorum", timings.writesWithout.length, "writes"),
    count(
      "linearizable-without-quorum",
      "Linearizable reads answered without a quorum",
      timings.quorumReadsWithout.length,
      "reads",
    ),
    count(
      "serializable-without-quorum",
      "Serializable reads answered without a quorum",
      timings.ownReadsWithout.length,
      "reads",
    ),
    timeMeasure(
      "elected",
      "Letting go to a leader",
      between(timings.removedMs, timings.electedMs),
      `before ${leader(timings.leaderBefore, timings.termBefore)}; after ${leader(timings.leaderAfter, timings.termAfter)}`,
    ),
    timeMeasure(
      "first-ack",
      "Letting go to the first acknowledged write",
      between(timings.removedMs, timings.firstAckMs),
    ),
    count(
      "hashes",
      "Different hashes of the members' stores",
      new Set(timings.hashes.map(({ hash }) => hash)).size,
      "count",
    ),
  ];
}
