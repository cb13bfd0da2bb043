import { createTopicsV7, deleteTopicsV6, ResponseError } from "@platformatic/kafka";
import { AftershockError, messageOf } from "../../errors.ts";
import type { BrokerLink } from "./broker-link.ts";
import { brokerError } from "./outcome.ts";

export const topicOf = (runId: string): string => `aftershock-${runId}`;
/** Led by the broker that the fault is for. */
export const targetPartition = 0;
/** Led by another; the target is one of its followers. */
export const otherPartition = 1;
/** Led like the two before; written and not read, until both leaders answer quickly. */
export const warmUpPartitions = [2, 3] as const;
export const partitionCount = 4;
const timeoutMs = 10_000;

/**
 * Creates the topic of a run: one partition led by the target, one by another broker, and one more of each to warm
 * up with, all with a replica on every broker, the first of an assignment being the preferred leader. Throws AftershockError `system_unreachable`.
 */
export async function createTopic(
  link: BrokerLink,
  name: string,
  brokers: { target: number; others: readonly number[] },
  minInsyncReplicas: string | null,
): Promise<void> {
  const { target, others } = brokers;
  const [first, ...rest] = others;
  const ledByTarget = [target, ...others];
  const ledByOther = first === undefined ? [target] : [first, ...rest, target];
  const assignments = [
    { partitionIndex: targetPartition, brokerIds: ledByTarget },
    { partitionIndex: otherPartition, brokerIds: ledByOther },
    { partitionIndex: warmUpPartitions[0], brokerIds: ledByTarget },
    { partitionIndex: warmUpPartitions[1], brokerIds: ledByOther },
  ];
  const configs = minInsyncReplicas === null ? [] : [{ name: "min.insync.replicas", value: minInsyncReplicas }];
  // With an assignment the two numbers must be -1 (Kafka protocol guide, CreateTopics).
  const topic = { name, numPartitions: -1, replicationFactor: -1, assignments, configs };
  try {
    await link.ask(createTopicsV7.api, [[topic], timeoutMs, false], timeoutMs);
  } catch (error) {
    const reason = brokerError(error) ?? messageOf(error);
    throw new AftershockError(
      "system_unreachable",
      `The topic ${name} could not be created: ${reason}${detailOf(error)}.`,
      "Look: kafka-topics.sh --describe, and whether the bot may create topics.",
    );
  }
}

/** Removes it, with all that the probes wrote. */
export async function deleteTopic(link: BrokerLink, name: string): Promise<void> {
  await link.ask(deleteTopicsV6.api, [[{ name }], timeoutMs], timeoutMs);
}

function detailOf(error: unknown): string {
  if (!(error instanceof ResponseError)) return "";
  const [first] = error.errors;
  const detail: unknown = first?.["serverErrorMessage"];
  return typeof detail === "string" ? ` (${detail})` : "";
}
