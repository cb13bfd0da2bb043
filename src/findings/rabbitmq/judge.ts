import { durationBoundMs } from "../duration-bound.ts";
import { lossMeasures, serviceMeasures, timeMeasure } from "../generic-measures.ts";
import type { Judge } from "../judge.ts";
import { between } from "../observed.ts";
import type { Measure } from "../report.ts";
import { counted, listed, seconds, sentence } from "../words.ts";
import { totalWrites } from "../write-counts.ts";
import { confirmedUnroutable, duplicated, kept, lostConfirmed, nacked, nodesDiffer, unknown } from "./message-rules.ts";
import { classicGone, consumers, quorumFailover, quorumOutages, quorumSlow, redelivered, split } from "./node-rules.ts";
import type { Rule } from "./rule.ts";
import { readRabbitTimings, type RabbitTimings } from "./timings.ts";

/** Every rule of RabbitMQ; the report orders their findings by severity, then as here. */
export const rabbitRules: readonly Rule[] = [
  lostConfirmed,
  nodesDiffer,
  split,
  classicGone,
  quorumSlow,
  confirmedUnroutable,
  duplicated,
  nacked,
  unknown,
  redelivered,
  consumers,
  quorumFailover,
  kept,
];

/**
 * Judges a killed node. Refuted by a lost confirmed message, by nodes that hand over different messages, by a quorum
 * queue's client without service for longer than `maxOutage`, by a quorum queue's consumer that got nothing through
 * another node, and by a classic queue that did not come back. Inconclusive when the node was never seen to be gone.
 */
export const judgeRabbitmq: Judge = (history, context) => {
  const timings = readRabbitTimings(history);
  const input = { history, context, timings };
  const findings = rabbitRules.flatMap((rule) => rule(input) ?? []);
  const measures = [...rabbitMeasures(timings), ...lossMeasures(context), ...serviceMeasures(history, context)];
  const [reason = timings.goneMs === null ? "the killed node was never seen to be gone" : undefined] = context.unsound;
  if (reason !== undefined) {
    return { hypothesis: "inconclusive", because: `Nothing can be concluded: ${reason}.`, measures, findings };
  }
  const { lost, acknowledged } = totalWrites(context.writes.map(({ counts }) => counts));
  const boundMs = durationBoundMs(context, "maxOutage");
  const late = quorumOutages(input).filter(
    ({ lengthMs }) => lengthMs === null || (boundMs !== null && lengthMs > boundMs),
  );
  const { injectedMs, killed } = timings;
  const deliveredLate = timings.consumers.filter(({ type, lostMs, member, firstDeliveryMs }) => {
    if (type !== "quorum" || lostMs === null) return false;
    const afterMs = between(injectedMs, firstDeliveryMs);
    return member === null || member === killed || (boundMs !== null && (afterMs ?? Infinity) > boundMs);
  });
  const gone = timings.publishers.filter(({ type, firstConfirmMs }) => type === "classic" && firstConfirmMs === null);
  const problems = [
    ...((lost ?? 0) > 0 ? [`${lost} of ${counted(acknowledged, "confirmed message")} were lost`] : []),
    ...(findings.some(({ id }) => id === "rabbitmq.nodes-differ") ? ["the nodes hand over different messages"] : []),
    ...late.map(
      ({ probe, lengthMs }) =>
        `the client ${probe} was without service ${lengthMs === null ? "to the end" : `for ${seconds(lengthMs)}`}${boundMs === null ? "" : ` (allowed: ${seconds(boundMs)})`}`,
    ),
    ...deliveredLate.map(({ client }) => `the client ${client} got nothing through another node in time`),
    ...gone.map(({ client }) => `the client ${client} had no message confirmed after the kill`),
  ];
  if (problems.length > 0) {
    return { hypothesis: "refuted", because: sentence(listed(problems)), measures, findings };
  }
  const first = (type: string): number | null =>
    between(injectedMs, timings.publishers.find((entry) => entry.type === type)?.firstConfirmMs ?? null);
  return {
    hypothesis: "held",
    because: `All ${counted(acknowledged, "confirmed message")} survived the kill of ${killed ?? "the node"}; a quorum queue confirmed again after ${seconds(first("quorum") ?? 0)}, the classic queue only when its node was back, after ${seconds(first("classic") ?? 0)}.`,
    measures,
    findings,
  };
};

function rabbitMeasures(timings: RabbitTimings): Measure[] {
  const { injectedMs, publishers, consumers: all } = timings;
  const firstOf = (type: string) => publishers.find((entry) => entry.type === type);
  const sum = (name: string): number => publishers.reduce((total, { errors }) => total + (errors.get(name) ?? 0), 0);
  const count = (id: string, title: string, value: number | null): Measure => ({ id, title, value, unit: "count" });
  const noticed = firstOf("quorum");
  return [
    timeMeasure("noticed", "Kill to a publisher that has noticed it", between(injectedMs, noticed?.lostMs ?? null)),
    timeMeasure(
      "first-confirm",
      "Kill to the first confirm of a quorum queue, by a publisher that was at the killed node",
      between(injectedMs, noticed?.firstConfirmMs ?? null),
    ),
    ...publishers.map(({ client, longestGapMs }) =>
      timeMeasure(`gap-${client}`, `Longest time between two confirms of ${client}`, longestGapMs),
    ),
    timeMeasure(
      "first-confirm-classic",
      "Kill to the first confirm of the classic queue",
      between(injectedMs, firstOf("classic")?.firstConfirmMs ?? null),
    ),
    ...all.map(({ client, firstDeliveryMs, member }) =>
      timeMeasure(
        `delivery-${client}`,
        `Kill to the next delivery to ${client}`,
        between(injectedMs, firstDeliveryMs),
        ...(member === null ? [] : [`through ${member}`]),
      ),
    ),
    timeMeasure("back", "Kill to the killed node taking connections", between(injectedMs, timings.backMs)),
    count("returned", "Messages returned as unroutable", injectedMs === null ? null : sum("returned")),
    count("nacked", "Messages answered with a nack", injectedMs === null ? null : sum("nack")),
    count(
      "redelivered",
      "Deliveries marked as redelivered",
      all.some(({ redelivered: times }) => times === null)
        ? null
        : all.reduce((total, { redelivered: times }) => total + (times ?? 0), 0),
    ),
  ];
}
