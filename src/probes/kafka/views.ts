import { describeQuorumV2, metadataV12, ResponseError } from "@platformatic/kafka";
import type { BrokerLink } from "./broker-link.ts";
import { podOfBroker, podOfController, type KafkaPods } from "./brokers.ts";

/** What one broker knows of one partition. Members are pods; null: no leader. */
export interface PartitionView {
  topic: string;
  partition: number;
  leader: string | null;
  epoch: number;
  replicas: string[];
  isr: string[];
  offline: string[];
}

/** What one broker says. */
export interface BrokerView {
  pod: string;
  reachable: boolean;
  /** Its own number; null while nobody has told it. */
  nodeId: number | null;
  /** Pods of the brokers that it knows to be registered and alive. */
  alive: string[];
  partitions: PartitionView[];
}

export interface QuorumView {
  /** Pod of the active controller; null when it is not known. */
  controller: string | null;
  epoch: number | null;
  voters: number;
  /** Pods of the voters, of those that are known. */
  voterPods: string[];
  /** Records that the slowest voter is behind the active controller. */
  maxLag: number | null;
}

/** Asks one broker for its view of a topic, or of all (`null`). */
export async function viewBroker(
  pods: KafkaPods,
  pod: string,
  link: BrokerLink,
  topics: string[] | null,
  timeoutMs: number,
): Promise<BrokerView> {
  const answer = await link.ask(metadataV12.api, [topics, false, false], timeoutMs).catch(answerOfError);
  if (answer === null) return { pod, reachable: false, nodeId: null, alive: [], partitions: [] };
  // A member that is not registered now (it is down) is known by the number at the end of its pod's name.
  const hosts = new Map(answer.brokers.map((broker) => [broker.nodeId, broker.host]));
  const nameOf = (nodeId: number): string =>
    podOfBroker(pods.pods, { nodeId, host: hosts.get(nodeId) ?? "" }) ?? `broker ${nodeId}`;
  return {
    pod,
    reachable: true,
    nodeId: answer.brokers.find((broker) => nameOf(broker.nodeId) === pod)?.nodeId ?? null,
    alive: answer.brokers.map((broker) => nameOf(broker.nodeId)).toSorted(),
    partitions: answer.topics.flatMap((topic) =>
      topic.partitions
        .toSorted((a, b) => a.partitionIndex - b.partitionIndex)
        .map((partition) => ({
          topic: topic.name ?? "",
          partition: partition.partitionIndex,
          leader: partition.leaderId < 0 ? null : nameOf(partition.leaderId),
          epoch: partition.leaderEpoch,
          replicas: partition.replicaNodes.map(nameOf),
          isr: partition.isrNodes.map(nameOf).toSorted(),
          offline: partition.offlineReplicas.map(nameOf),
        })),
    ),
  };
}

/** The library throws when one partition has no leader; the answer to the rest of the question is in its error. */
function answerOfError(error: unknown): metadataV12.MetadataResponse | null {
  if (!(error instanceof ResponseError)) return null;
  const response: unknown = error["response"];
  return typeof response === "object" && response !== null && "brokers" in response
    ? (response as metadataV12.MetadataResponse)
    : null;
}

/** The partition whose leader is the active controller (KIP-595). */
export const quorumQuestion = [{ topicName: "__cluster_metadata", partitions: [{ partitionIndex: 0 }] }];

/** What nobody has told of. */
export const unknownQuorum: QuorumView = { controller: null, epoch: null, voters: 0, voterPods: [], maxLag: null };

/**
 * Asks one node for the controllers' quorum (KIP-595). A broker passes the question on to the active controller (Apache
 * Kafka 3.9, KafkaApis.scala, DESCRIBE_QUORUM: forwardToControllerOrFail), so that controllers of their own need not be
 * reached. Version 2 tells where the voters listen (KIP-853).
 */
export async function viewQuorum(pods: KafkaPods, link: BrokerLink, timeoutMs: number): Promise<QuorumView> {
  try {
    const answer = await link.ask(describeQuorumV2.api, [quorumQuestion], timeoutMs);
    const state = answer.topics[0]?.partitions[0];
    if (state === undefined) return unknownQuorum;
    const hosts = new Map(answer.nodes.map(({ nodeId, listeners }) => [nodeId, listeners[0]?.host ?? ""]));
    // A broker that is no voter looks on, as an observer.
    const separate = state.observers.length > 0;
    const podOf = (nodeId: number): string | null =>
      podOfController(pods, { nodeId, host: hosts.get(nodeId) ?? "", separate });
    const ends = state.currentVoters.map((voter) => Number(voter.logEndOffset));
    const end = ends.reduce((most, at) => Math.max(most, at), 0);
    return {
      controller: podOf(state.leaderId),
      epoch: state.leaderEpoch,
      voters: ends.length,
      voterPods: state.currentVoters.flatMap(({ replicaId }) => podOf(replicaId) ?? []).toSorted(),
      maxLag: ends.length === 0 ? null : end - ends.reduce((least, at) => Math.min(least, at), end),
    };
  } catch {
    return unknownQuorum;
  }
}

/** Per partition the view with the newest leader epoch, of all who answer. */
export function newestPartitions(views: readonly BrokerView[]): PartitionView[] {
  const newest = new Map<string, PartitionView>();
  for (const view of views) {
    for (const partition of view.partitions) {
      const key = `${partition.topic}/${partition.partition}`;
      const known = newest.get(key);
      if (known === undefined || partition.epoch > known.epoch) newest.set(key, partition);
    }
  }
  return [...newest.values()];
}
