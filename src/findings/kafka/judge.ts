import { durationBoundMs } from "../duration-bound.ts";
import { lossMeasures, serviceMeasures, timeMeasure } from "../generic-measures.ts";
import type { Judge } from "../judge.ts";
import { between } from "../observed.ts";
import type { Measure } from "../report.ts";
import { counted, listed, number, seconds, sentence } from "../words.ts";
import {
  consumerGap,
  controllerLost,
  electionTime,
  isrTimes,
  noElection,
  restlessBaseline,
  waitedForIsr,
  withoutLeader,
} from "./failover-rules.ts";
import { damaged, diverged, duplicates, kept, lost, offsetsMoved, unknown } from "./loss-rules.ts";
import { checkOffsets, type OffsetCheck } from "./offsets.ts";
import { totalOf, type Rule, type RuleInput } from "./rule.ts";
import { fewReplicas, lowMinInsync, noFlush, uncleanElection } from "./settings.ts";
import { readKafkaTimings, type KafkaTimings } from "./timings.ts";

/** Every rule of Kafka; the report orders their findings by severity, then as here. */
const kafkaRules: readonly Rule[] = [
  lost,
  offsetsMoved,
  diverged,
  damaged,
  noElection,
  restlessBaseline,
  uncleanElection,
  waitedForIsr,
  lowMinInsync,
  duplicates,
  unknown,
  fewReplicas,
  withoutLeader,
  electionTime,
  controllerLost,
  isrTimes,
  consumerGap,
  noFlush,
  kept,
];

/**
 * Judges a killed broker. Refuted by a lost acknowledged write, by one that is not at its offset, by replicas that
 * differ, by no election, by a first write later than the parameter `maxOutage`, and by a broker that did not return to
 * the in-sync replicas. Inconclusive when acknowledged offsets could not be compared.
 */
export const judgeKafka: Judge = (history, context) => {
  const offsets = checkOffsets(history);
  const timings = readKafkaTimings(history);
  const input: RuleInput = { history, context, timings, offsets };
  const findings = kafkaRules.flatMap((rule) => rule(input) ?? []);
  const measures = [...kafkaMeasures(timings, offsets), ...lossMeasures(context), ...serviceMeasures(history, context)];
  const [reason = offsets === null ? "the acknowledged offsets could not be compared with the log" : undefined] =
    context.unsound;
  if (reason !== undefined) {
    return { hypothesis: "inconclusive", because: `Nothing can be concluded: ${reason}.`, measures, findings };
  }
  const problems = [...lossProblems(input), ...failoverProblems(input)];
  if (problems.length > 0) {
    return { hypothesis: "refuted", because: sentence(listed(problems)), measures, findings };
  }
  const ackMs = between(timings.injectedMs, timings.firstAckMs) ?? 0;
  return {
    hypothesis: "held",
    because: `${timings.newLeader ?? "Another broker"} was elected, and writes were accepted again ${seconds(ackMs)} after the kill; all ${counted(totalOf(input).acknowledged, "acknowledged write")} survived at their offsets, and ${timings.killed ?? "the broker"} is in sync again.`,
    measures,
    findings,
  };
};

function lossProblems(input: RuleInput): string[] {
  const { lost: gone, acknowledged } = totalOf(input);
  const ids = new Set([offsetsMoved, diverged, damaged].flatMap((rule) => rule(input)?.id ?? []));
  return [
    ...((gone ?? 0) > 0 ? [`${number(gone ?? 0)} of ${counted(acknowledged, "acknowledged write")} were lost`] : []),
    ...(ids.has("kafka.offset-regress") ? ["acknowledged writes are not at their offsets"] : []),
    ...(ids.has("kafka.replicas-diverge") ? ["the replicas hold different records"] : []),
    ...(ids.has("kafka.damaged-records") ? ["records came back damaged"] : []),
  ];
}

function failoverProblems({ context, timings }: RuleInput): string[] {
  const ackMs = between(timings.injectedMs, timings.firstAckMs);
  const boundMs = durationBoundMs(context, "maxOutage");
  if (timings.electedMs === null) {
    const backMs = between(timings.injectedMs, timings.backMs);
    return [
      `no other leader was elected${backMs === null ? "" : `: ${timings.killed} answered again after ${seconds(backMs)}, still as the leader`}`,
    ];
  }
  return [
    ...(ackMs === null ? ["the new leader was never seen to acknowledge a write"] : []),
    ...(ackMs !== null && boundMs !== null && ackMs > boundMs
      ? [`writes were accepted again after ${seconds(ackMs)}, later than ${seconds(boundMs)}`]
      : []),
    ...(timings.isrBackMs === null ? [`${timings.killed} was not seen to return to the in-sync replicas`] : []),
  ];
}

function kafkaMeasures(timings: KafkaTimings, offsets: readonly OffsetCheck[] | null): Measure[] {
  const since = (id: string, title: string, toMs: number | null, note?: string): Measure =>
    timeMeasure(id, title, between(timings.injectedMs, toMs), note);
  const waited = timings.producers.find((entry) => entry.client === "other-producer");
  const wrong =
    offsets?.reduce((sum, check) => sum + check.beyondEnd.length + check.moved.length + check.shared, 0) ?? null;
  return [
    since(
      "controller",
      "Kill to another active controller",
      timings.controllerElectedMs,
      timings.controllerAfter ?? `${timings.controllerBefore ?? "it"} was not killed`,
    ),
    since("elected", "Kill to another leader", timings.electedMs, timings.newLeader ?? undefined),
    since("first-ack", "Kill to the first write that the new leader acknowledged", timings.firstAckMs),
    since("isr-shrunk", "Kill to the shrunk ISR of the partition that it led", timings.shrunkMs),
    since("other-isr-shrunk", "Kill to the shrunk ISR of the partition that it followed", timings.otherShrunkMs),
    timeMeasure(
      "other-waited",
      "Longest time without an acknowledgement on the partition that it followed",
      waited?.ackGapMs ?? null,
    ),
    since("back", "Kill to the killed broker answering again", timings.backMs),
    since("isr-back", "Kill to its return to every ISR", timings.isrBackMs),
    ...timings.consumers.map((gap) =>
      timeMeasure(`gap-${gap.client}`, `Longest time without a new record for ${gap.client}`, gap.gapMs),
    ),
    { id: "offsets-wrong", title: "Acknowledged writes not at their offset", value: wrong, unit: "writes" },
  ];
}
