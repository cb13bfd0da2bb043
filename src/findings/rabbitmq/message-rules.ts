import { counted, listed, number, percent } from "../words.ts";
import { divergentMembers, totalWrites } from "../write-counts.ts";
import { nothingLost, unknownOutcomes } from "../write-rules.ts";
import type { Rule } from "./rule.ts";
import { settingOf } from "./settings.ts";
import { typeOfClient, type QueueType } from "./timings.ts";

const words: Readonly<Record<QueueType, string>> = { quorum: "quorum queues", classic: "classic queues" };

/** Confirmed, and in no queue any more: by type of queue, since that is what decides it. */
export const lostConfirmed: Rule = ({ history, context }) => {
  const total = totalWrites(context.writes.map(({ counts }) => counts));
  if ((total.lost ?? 0) === 0) return null;
  const losers = context.writes.filter(({ counts }) => (counts.lost ?? 0) > 0);
  const types = [...new Set(losers.map(({ client }) => typeOfClient(client)))];
  return {
    id: "rabbitmq.lost-confirmed-messages",
    severity: "critical",
    title: `${number(total.lost ?? 0)} of ${counted(total.acknowledged, "confirmed message")} were lost (${percent(total.lost ?? 0, total.acknowledged)}), from ${listed(types.map((type) => words[type]))}`,
    evidence: context.writes.map(
      ({ client, counts }) =>
        `${client} (${typeOfClient(client)}): ${counts.lost === null ? "unknown" : number(counts.lost)} of ${number(counts.acknowledged)} lost`,
    ),
    advice: types.includes("quorum")
      ? "A quorum queue confirms what a majority has on disk: losing one means that disks did not keep what they had confirmed, or that members were replaced empty. Look at the storage first."
      : "A classic queue has one copy, or mirrors that may be behind. Declare it with x-queue-type quorum and at least three members.",
    setting: settingOf(history, "x-queue-type", losers[0]?.client),
  };
};

/** More than one copy in a queue, though every number was published once. */
export const duplicated: Rule = ({ history, context }) => {
  const { duplicated: copies } = totalWrites(context.writes.map(({ counts }) => counts));
  if ((copies ?? 0) === 0) return null;
  return {
    id: "rabbitmq.duplicates",
    severity: "medium",
    title: `${counted(copies ?? 0, "message")} stand in a queue more than once`,
    evidence: context.writes.map(({ client, counts }) => `${client}: ${counts.duplicated ?? "unknown"} duplicated`),
    advice:
      "No publisher sent a number twice, so the brokers made the copies, as a cluster does that was split and kept both sides. Consumers must de-duplicate by message id, whatever the queue.",
    setting: settingOf(history, "cluster_partition_handling"),
  };
};

/** What one gets from a queue depends on the node that one asks. */
export const nodesDiffer: Rule = ({ history }) => {
  const differing = divergentMembers(history);
  if (differing.length === 0) return null;
  return {
    id: "rabbitmq.nodes-differ",
    severity: "critical",
    title: "The nodes hand over different messages of the same queue",
    evidence: differing.map(
      (entry) =>
        `${entry.client} through ${entry.member}: ${counted(entry.differing, "message")} not as through the leader`,
    ),
    advice:
      "The cluster is split although every node runs. Find out which side has more, move its messages away, and restart the nodes of the other side: they then join with an empty queue.",
    setting: settingOf(history, "cluster_partition_handling"),
  };
};

/** Refused by the broker (nack): it declines to vouch for the message. */
export const nacked: Rule = ({ history, timings }) => {
  const refused = timings.publishers.filter(({ errors }) => errors.has("nack"));
  if (refused.length === 0) return null;
  const total = refused.reduce((sum, { errors }) => sum + (errors.get("nack") ?? 0), 0);
  return {
    id: "rabbitmq.nacked",
    severity: "medium",
    title: `${counted(total, "message")} got a nack instead of a confirm`,
    evidence: refused.map(
      ({ client, errors, connectedTo }) =>
        `${client}: ${number(errors.get("nack") ?? 0)}${connectedTo === null ? "" : `, after it had reconnected to ${connectedTo}`}`,
    ),
    advice:
      "A nack means that the broker does not vouch for the message, not that it is not there. Publish it again, under the same id, and de-duplicate at the consumer. A channel that gets nothing but nacks after a reconnect was opened before the loss of the leader had been noticed: open a new one (tried on RabbitMQ 3.10.8: confirmed at once, on the same connection).",
    setting: settingOf(history, "confirms, mandatory and persistent"),
  };
};

/** Confirmed to a publisher, though there was no queue to put it in. */
export const confirmedUnroutable: Rule = ({ history, timings }) => {
  const returned = timings.publishers.filter(({ errors }) => errors.has("returned"));
  if (returned.length === 0) return null;
  const total = returned.reduce((sum, { errors }) => sum + (errors.get("returned") ?? 0), 0);
  return {
    id: "rabbitmq.unroutable-confirmed",
    severity: "high",
    title: `${counted(total, "message")} came back as unroutable, and ${total === 1 ? "was" : "were"} confirmed all the same`,
    evidence: [
      ...returned.map(
        ({ client, errors }) => `${client}: ${number(errors.get("returned") ?? 0)}, while its queue was gone`,
      ),
      "counted as refused here, because the probes publish with mandatory and listen for basic.return",
    ],
    advice:
      "A confirm says that the broker is done with the message, not that a queue has it. Without mandatory, or without a listener for basic.return, every one of these would have vanished with a confirm. Set both in every publisher, and publish again what comes back.",
    setting: settingOf(history, "confirms, mandatory and persistent"),
  };
};

export const unknown: Rule = ({ history, context, timings }) => {
  const found = unknownOutcomes(context, {
    id: "rabbitmq.unknown-outcomes",
    evidence: timings.publishers.flatMap(({ client, errors }) => {
      const kinds = ["nack", "timeout", "connection-lost"].filter((name) => errors.has(name));
      return kinds.length === 0
        ? []
        : [`${client}: ${kinds.map((name) => `${name} × ${number(errors.get(name) ?? 0)}`).join(", ")}`];
    }),
    advice:
      "Published and not confirmed: such a message may be in the queue. Publish it again under the same id, and de-duplicate at the consumer.",
  });
  return found === null ? null : { ...found, setting: settingOf(history, "confirms, mandatory and persistent") };
};

export const kept: Rule = ({ context }) =>
  nothingLost(context, {
    id: "rabbitmq.nothing-lost",
    advice:
      "A killed process loses nothing that the kernel has been given. A node that loses its power, or a cluster that is split, is another experiment.",
  });
