import { durationBoundMs } from "../duration-bound.ts";
import { between } from "../observed.ts";
import { counted, listed, number, seconds, secondsOrUnseen } from "../words.ts";
import type { Rule, RuleInput } from "./rule.ts";
import { settingOf } from "./settings.ts";
import { typeOfClient } from "./timings.ts";

const plainly = (client: string, { history }: RuleInput): string =>
  history.settings.find((entry) => entry.member === client && entry.name === "policy")?.value ?? "unknown";

/** Outages of quorum queues' clients that began with the kill or later. */
export function quorumOutages({ context, timings }: Pick<RuleInput, "context" | "timings">) {
  return context.outages.filter(
    ({ probe, endMs }) =>
      typeOfClient(probe) === "quorum" && (endMs === null || endMs >= (timings.injectedMs ?? Infinity)),
  );
}

/** One copy, on one node: gone as long as the node. */
export const classicGone: Rule = (input) => {
  const { context, timings, history } = input;
  const outage = context.outages
    .filter(({ probe, kind }) => kind === "write" && typeOfClient(probe) === "classic")
    .filter(({ endMs }) => endMs === null || endMs >= (timings.injectedMs ?? Infinity))
    .toSorted((a, b) => (b.lengthMs ?? Infinity) - (a.lengthMs ?? Infinity))[0];
  if (outage === undefined || timings.injectedMs === null) return null;
  const consumer = timings.consumers.find(({ type }) => type === "classic");
  const counts = context.writes.find(({ client }) => client === outage.probe)?.counts;
  return {
    id: "rabbitmq.classic-queue-gone-with-its-node",
    severity: "high",
    title:
      outage.lengthMs === null
        ? "The classic queue took no message after its node was killed, and had not recovered at the end"
        : `The classic queue was gone with its node, for ${seconds(outage.lengthMs)}`,
    evidence: [
      `what its publisher met: ${Object.entries(outage.errors)
        .map(([name, times]) => `${name} × ${number(times)}`)
        .join(", ")}`,
      ...(consumer?.refusal == null ? [] : [`what its consumer was told by another node: ${consumer.refusal}`]),
      `${timings.killed ?? "the node"} took connections again ${secondsOrUnseen(between(timings.injectedMs, timings.backMs))} after the kill; mirrors by policy: ${plainly(outage.probe, input)}`,
      ...(counts?.lost === 0
        ? [
            `it came back with all ${counted(counts.acknowledged, "confirmed message")}: durable means kept, not available`,
          ]
        : []),
    ],
    advice:
      "A classic queue without mirrors is on one node, and neither publishers nor consumers can use it elsewhere. Declare it with x-queue-type quorum and at least three members (a queue's type cannot be changed: make a new one and move the messages). The price: every message is written on a majority of nodes.",
    setting: settingOf(history, "x-queue-type", outage.probe),
  };
};

/** How the quorum queues got over it. */
export const quorumFailover: Rule = ({ history, timings }) => {
  const quorum = timings.publishers.filter(({ type }) => type === "quorum");
  const moved = quorum.find(({ lostMs }) => lostMs !== null) ?? quorum[0];
  const afterMs = between(timings.injectedMs, moved?.firstConfirmMs ?? null);
  if (moved === undefined || afterMs === null) return null;
  return {
    id: "rabbitmq.quorum-failover",
    severity: "info",
    title: `A quorum queue confirmed messages again ${seconds(afterMs)} after its leader's node was killed`,
    evidence: [
      ...(moved.lostMs === null
        ? []
        : [
            `${moved.client} lost its connection after ${secondsOrUnseen(between(timings.injectedMs, moved.lostMs))} and had another, to ${moved.connectedTo ?? "nobody"}, after ${secondsOrUnseen(between(timings.injectedMs, moved.connectedMs))}`,
          ]),
      ...quorum.map(
        ({ client, longestGapMs }) => `${client}: longest time between two confirms ${secondsOrUnseen(longestGapMs)}`,
      ),
      `new leader: ${timings.newLeader ?? "not observed"}`,
    ],
    advice:
      "The other members elect a leader as soon as they miss the old one. An application is as fast only if it has several addresses, notices a lost connection, and opens new channels.",
    setting: settingOf(history, "members", moved.client),
  };
};

/** Longer than the hypothesis allows. */
export const quorumSlow: Rule = (input) => {
  const boundMs = durationBoundMs(input.context, "maxOutage");
  const late = quorumOutages(input).filter(
    ({ lengthMs }) => lengthMs === null || (boundMs !== null && lengthMs > boundMs),
  );
  if (late.length === 0) return null;
  return {
    id: "rabbitmq.quorum-queue-unavailable",
    severity: "high",
    title: `A quorum queue's client was without service for longer than ${boundMs === null ? "the run" : seconds(boundMs)}`,
    evidence: [
      ...late.map(
        ({ probe, lengthMs, errors }) =>
          `${probe}: ${lengthMs === null ? "had not recovered at the end" : seconds(lengthMs)} (${Object.entries(errors)
            .map(([name, times]) => `${name} × ${number(times)}`)
            .join(", ")})`,
      ),
      ...input.timings.publishers
        .filter(({ type, client }) => type === "quorum" && !late.some(({ probe }) => probe === client))
        .map(
          ({ client, longestGapMs }) =>
            `${client} meanwhile: longest time between two confirms ${secondsOrUnseen(longestGapMs)}`,
        ),
    ],
    advice:
      "A majority of members was there, so look at what the clients did. A channel that is opened before the others have missed the leader goes on talking to it until its node is back, and gets only nacks and time-outs, while older channels are served. Watch the rate of confirms, and open a new channel when nothing has been confirmed for a second or two.",
    // Nacks come from nodes that are there, whatever they take the others for.
    ...(late.some(({ errors }) => "nack" in errors) ? {} : { setting: settingOf(input.history, "net_ticktime") }),
  };
};

/** Whether consumers found another node by themselves. */
export const consumers: Rule = ({ history, timings }) => {
  const { injectedMs, killed } = timings;
  const disturbed = timings.consumers.filter(({ lostMs }) => lostMs !== null);
  if (injectedMs === null || disturbed.length === 0) return null;
  const stranded = disturbed.filter(({ member }) => member === null || member === killed);
  const elsewhere = disturbed.filter((consumer) => !stranded.includes(consumer));
  return {
    id: "rabbitmq.consumers-reconnected",
    severity: stranded.some(({ type }) => type === "quorum") ? "high" : "info",
    title:
      elsewhere.length === 0
        ? "No consumer got a message through another node"
        : `Consumers got messages through another node: ${listed(elsewhere.map(({ client, firstDeliveryMs }) => `${client} after ${secondsOrUnseen(between(injectedMs, firstDeliveryMs))}`))}`,
    evidence: disturbed.map(({ client, lostMs, firstDeliveryMs, member }) => {
      const waited = timings.backMs !== null && firstDeliveryMs !== null && firstDeliveryMs >= timings.backMs;
      return `${client}: lost its connection after ${secondsOrUnseen(between(injectedMs, lostMs))}, first delivery after ${secondsOrUnseen(between(injectedMs, firstDeliveryMs))}, through ${member ?? "nobody"}${waited ? `, when ${killed ?? "the killed node"} was back` : ""}`;
    }),
    advice:
      "The kernel of a killed process says goodbye for it. A node whose machine is gone says nothing: then a client waits for up to two AMQP heartbeats, and 60 s is the server's proposal. Set 5 to 20 s, and give every client several addresses.",
    setting: settingOf(history, "heartbeat"),
  };
};

/** Deliveries that came twice, because their acknowledgement was lost with the connection. */
export const redelivered: Rule = ({ history, timings }) => {
  const twice = timings.consumers.filter(({ redelivered: times }) => (times ?? 0) > 0);
  if (twice.length === 0) return null;
  const total = twice.reduce((sum, { redelivered: times }) => sum + (times ?? 0), 0);
  return {
    id: "rabbitmq.redelivered",
    severity: "low",
    title: `${counted(total, "delivery", "deliveries")} came marked as redelivered`,
    evidence: twice.map(
      ({ client, redelivered: times, repeated, delivered }) =>
        `${client}: ${number(times ?? 0)} of ${number(delivered ?? 0)}; ${number(repeated ?? 0)} of them had been delivered before`,
    ),
    advice:
      "What was delivered and not yet acknowledged is delivered again: at least once, not exactly once. Consumers must know by message id what they have done already.",
    setting: settingOf(history, "consumer acknowledgement"),
  };
};

/** Nodes that run and do not see each other, after the fault. */
export const split: Rule = ({ history, timings }) => {
  if (timings.partitions.length === 0) return null;
  return {
    id: "rabbitmq.cluster-split",
    severity: "critical",
    title: "The nodes hold each other to be partitioned after the fault",
    evidence: timings.partitions.map((words) => `cut off, as told by ${words}`),
    advice:
      "With cluster_partition_handling ignore a split stays until nodes are restarted by hand; autoheal ends it by dropping one side's messages. pause_minority stops the smaller side instead (but not for a node that was merely suspended, which never sees the others vanish). From RabbitMQ 4 with Khepri there is nothing to choose.",
    setting: settingOf(history, "cluster_partition_handling"),
  };
};
