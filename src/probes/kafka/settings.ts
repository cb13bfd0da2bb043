import { ConfigResourceTypes, describeConfigsV4 } from "@platformatic/kafka";
import type { Setting } from "../history.ts";
import type { BrokerLink } from "./broker-link.ts";

const timeoutMs = 3000;

/** What a failover depends on (anchors/consistency-and-failover.md 4.5, K2 to K7 and K11), as brokers name it. */
const brokerSettings = [
  "min.insync.replicas",
  "default.replication.factor",
  "unclean.leader.election.enable",
  "replica.lag.time.max.ms",
  "replica.fetch.backoff.ms",
  "broker.session.timeout.ms",
  "broker.heartbeat.interval.ms",
  "controller.quorum.election.timeout.ms",
  "controller.quorum.fetch.timeout.ms",
  "log.flush.interval.messages",
];

/** Live settings of one broker, by its number; empty when it does not answer. */
export async function readBrokerSettings(link: BrokerLink, nodeId: number): Promise<Record<string, string>> {
  const resource = {
    resourceType: ConfigResourceTypes.BROKER,
    resourceName: String(nodeId),
    configurationKeys: brokerSettings,
  };
  try {
    const answer = await link.ask(describeConfigsV4.api, [[resource], false, false], timeoutMs);
    const configs = answer.results[0]?.configs ?? [];
    return Object.fromEntries(configs.map(({ name, value }) => [name, value ?? ""]));
  } catch {
    return {};
  }
}

/** What the probes themselves do (K1, K8, K9, K10, K12): a client's settings decide as much as a broker's. */
export function probeSettings(timeoutMsOfProbes: number, minInsyncReplicas: string): Setting[] {
  const probe = (name: string, value: string): Setting => ({ type: "setting", member: "probe", name, value });
  return [
    probe("acks", "all"),
    probe("retries", "0"),
    probe("enable.idempotence", "false"),
    probe("request.timeout.ms", String(timeoutMsOfProbes)),
    probe("delivery.timeout.ms", String(timeoutMsOfProbes)),
    probe("metadata.max.age.ms", "250"),
    probe("isolation.level", "read_uncommitted"),
    { type: "setting", member: "topic", name: "min.insync.replicas", value: minInsyncReplicas },
  ];
}
