import { describeQuorumV2, metadataV12, ResponseError } from "@platformatic/kafka";
import type { BrokerLink } from "./broker-link.ts";
import { podOfBroker, type KafkaPods } from "./brokers.ts";

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

/** Asks one broker, which asks the active controller, for the controllers' quorum (KIP-595). */
export async function viewQuorum(pods: KafkaPods, link: BrokerLink, timeoutMs: number): Promise<QuorumView> {
  try {
    const question = [{ topicName: "__cluster_metadata", partitions: [{ partitionIndex: 0 }] }];
    const answer = await link.ask(describeQuorumV2.api, [question], timeoutMs);
    const state = answer.topics[0]?.partitions[0];
    if (state === undefined) return { controller: null, epoch: null, voters: 0, maxLag: null };
    const ends = state.currentVoters.map((voter) => Number(voter.logEndOffset));
    const end = ends.reduce((most, at) => Math.max(most, at), 0);
    return {
      controller: podOfBroker(pods.pods, { nodeId: state.leaderId, host: "" }),
      epoch: state.leaderEpoch,
      voters: ends.length,
      maxLag: ends.length === 0 ? null : end - ends.reduce((least, at) => Math.min(least, at), end),
    };
  } catch {
    return { controller: null, epoch: null, voters: 0, maxLag: null };
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
