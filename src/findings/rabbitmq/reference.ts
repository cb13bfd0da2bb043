import type { FindingReference } from "../finding-reference.ts";

const confirms = "RabbitMQ documentation, publisher confirms";
const partitions = "RabbitMQ documentation, clustering and network partitions";

/** What each finding of RabbitMQ means. */
export const rabbitmqReference: Readonly<Record<string, FindingReference>> = {
  "rabbitmq.lost-confirmed-messages": {
    severity: "critical",
    means: "Confirmed messages are in no queue.",
    cause:
      "A classic queue has one copy, or mirrors that were behind; of a quorum queue, disks that did not keep what they had.",
    evidence: "Missing numbers by queue and type.",
    mend: "x-queue-type quorum, at least three members.",
    source: "RabbitMQ documentation, quorum queues",
  },
  "rabbitmq.duplicates": {
    severity: "medium",
    means: "A message stands in a queue more than once.",
    cause: "The brokers made the copies, as a cluster does that was split and kept both sides.",
    evidence: "Duplicates by client; no number was sent twice.",
    mend: "De-duplicate by message id at the consumer.",
    source: partitions,
  },
  "rabbitmq.nodes-differ": {
    severity: "critical",
    means: "What a queue hands over depends on the node that is asked.",
    cause: "The cluster is split although every node runs.",
    evidence: "Each queue drained through each node.",
    mend: "Move the messages of one side away, and restart its nodes.",
    source: partitions,
  },
  "rabbitmq.nacked": {
    severity: "medium",
    means: "Messages got a nack.",
    cause: "The broker does not vouch for them; often a channel that was opened before the leader's loss was noticed.",
    evidence: "Nacks by client, and where it had reconnected.",
    mend: "Publish again under the same id; open a new channel.",
    source: confirms,
  },
  "rabbitmq.unroutable-confirmed": {
    severity: "high",
    means: "Messages came back as unroutable and were confirmed all the same.",
    cause: "A confirm says that the broker is done, not that a queue has the message.",
    evidence: "Returned messages by client, while its queue was gone.",
    mend: "mandatory, and a listener for basic.return, in every publisher.",
    source: confirms,
  },
  "rabbitmq.unknown-outcomes": {
    severity: "low",
    means: "Messages were neither confirmed nor certainly refused.",
    cause: "A nack, a time-out or a lost connection.",
    evidence: "Kinds by client.",
    mend: "Publish again under the same id; de-duplicate at the consumer.",
    source: confirms,
  },
  "rabbitmq.nothing-lost": {
    severity: "info",
    means: "Every confirmed message was there.",
    cause: "A killed process loses nothing that the kernel has.",
    evidence: "The count, and the 95 % upper bound (rule of three).",
    mend: "Nothing. Loss of power and splits are other experiments.",
    source: "Hanley and Lippman-Hand, JAMA 1983 (rule of three)",
  },
  "rabbitmq.classic-queue-gone-with-its-node": {
    severity: "high",
    means: "A classic queue could not be used while its node was away.",
    cause: "It lives on one node.",
    evidence: "The outage, what publishers and consumers were told, when the node was back.",
    mend: "A new queue with x-queue-type quorum; a queue's type cannot be changed.",
    source: "RabbitMQ documentation, quorum queues",
  },
  "rabbitmq.quorum-failover": {
    severity: "info",
    means: "How soon a quorum queue confirmed again.",
    cause: "Its members elect a leader when they miss the old one.",
    evidence: "Longest time between two confirms; the client's reconnection; the new leader.",
    mend: "Several addresses in each client, and new channels after a loss.",
    source: "RabbitMQ documentation, quorum queues",
  },
  "rabbitmq.quorum-queue-unavailable": {
    severity: "high",
    means: "A client of a quorum queue was without service for longer than maxOutage.",
    cause: "Mostly the client: a channel opened too early goes on talking to the dead leader.",
    evidence: "The outage and its errors, beside other clients of quorum queues.",
    mend: "A new channel when nothing has been confirmed for a second or two; net_ticktime where a node went silent.",
    source: "RabbitMQ documentation, net tick time",
  },
  "rabbitmq.consumers-reconnected": {
    severity: "high when a quorum queue's consumer found no other node, otherwise info",
    means: "Whether consumers found another node by themselves.",
    cause: "Their addresses and heartbeats.",
    evidence: "Loss, first delivery and through whom, by consumer.",
    mend: "Heartbeats of 5 to 20 s, several addresses.",
    source: "RabbitMQ documentation, heartbeats",
  },
  "rabbitmq.redelivered": {
    severity: "low",
    means: "Deliveries came twice.",
    cause: "Their acknowledgement was lost with the connection.",
    evidence: "Redelivered and repeated by consumer.",
    mend: "Consumers that know by message id what they have done.",
    source: "RabbitMQ documentation, reliability",
  },
  "rabbitmq.cluster-split": {
    severity: "critical",
    means: "The nodes hold each other to be partitioned.",
    cause: "A cut that cluster_partition_handling did not end.",
    evidence: "Partitions as each node tells them.",
    mend: "pause_minority with three or more nodes; autoheal drops one side's messages.",
    source: partitions,
  },
};
