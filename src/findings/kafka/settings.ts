import type { History } from "../../probes/history.ts";
import type { Finding } from "../report.ts";
import type { Rule } from "./rule.ts";

interface KnownSetting {
  recommended: string;
  source: string;
}

/** What is recommended, and who says so. Ids: anchors/consistency-and-failover.md 4.5. */
const known = {
  // K2
  "min.insync.replicas": { recommended: "2 with three replicas", source: "Kafka documentation, topic configs" },
  // K3
  "default.replication.factor": { recommended: "3", source: "Kafka documentation, broker configs" },
  // K4
  "unclean.leader.election.enable": { recommended: "false", source: "Kafka documentation, topic configs" },
  // K5
  "replica.lag.time.max.ms": { recommended: "10000 to 30000", source: "Kafka documentation, broker configs" },
  // K6
  "broker.session.timeout.ms": {
    recommended: "9000, its default; several heartbeats (broker.heartbeat.interval.ms) long",
    source: "Kafka documentation, broker configs (KRaft)",
  },
  // K7
  "controller.quorum.fetch.timeout.ms": {
    recommended: "2000, its default",
    source: "Kafka documentation, broker configs (KRaft)",
  },
  // K8
  "delivery.timeout.ms": {
    recommended: "longer than a failover (120000, its default), for an application that may wait",
    source: "Kafka documentation, producer configs",
  },
  // K9
  "enable.idempotence": { recommended: "true", source: "Kafka documentation, producer configs" },
  // K11
  "log.flush.interval.messages": {
    recommended: "its default (no flush), and replicas in separate power domains",
    source: "Kafka documentation, topic configs (flush.messages)",
  },
  // K12
  "isolation.level": {
    recommended: "read_committed, where transactions are used",
    source: "Kafka documentation, consumer configs",
  },
} satisfies Record<string, KnownSetting>;

export type SettingName = keyof typeof known;

/** A setting with its live value, of the member given or of the first that told it. */
export function settingOf(
  history: History,
  name: SettingName,
  member?: string | null,
): NonNullable<Finding["setting"]> {
  const all = history.settings.filter((entry) => entry.name === name);
  const found = all.find((entry) => entry.member === member) ?? all[0];
  return { name, value: found?.value ?? "unknown", member: found?.member ?? "unknown", ...known[name] };
}

const valuesOf = (history: History, name: SettingName): Array<{ member: string; value: string }> =>
  history.settings.filter((entry) => entry.name === name);
const told = (entries: ReadonlyArray<{ member: string; value: string }>): string =>
  entries.map(({ member, value }) => `${member} ${value}`).join(", ");

/** K2: acks=all means the in-sync replicas that there are, and those may be one. */
export const lowMinInsync: Rule = ({ history }) => {
  const setting = settingOf(history, "min.insync.replicas", "topic");
  if (setting.value !== "1") return null;
  return {
    id: "kafka.min-insync-replicas",
    severity: "medium",
    title: "min.insync.replicas is 1: acks=all may mean one copy",
    evidence: [
      `the topic's is ${setting.value} (the brokers' own: ${told(valuesOf(history, "min.insync.replicas").filter(({ member }) => member !== "topic"))})`,
      "acks=all waits for the replicas that are in sync at that time, which after two losses is the leader alone",
    ],
    advice:
      "Set min.insync.replicas to 2 with three replicas: with fewer copies the leader then refuses (NOT_ENOUGH_REPLICAS) instead of acknowledging what one disk holds. The price: with two of three brokers down nothing can be written.",
    setting,
  };
};

/** K4 */
export const uncleanElection: Rule = ({ history }) => {
  const on = valuesOf(history, "unclean.leader.election.enable").filter(({ value }) => value === "true");
  if (on.length === 0) return null;
  return {
    id: "kafka.unclean-election",
    severity: "high",
    title: "A replica that is behind may become leader (unclean.leader.election.enable)",
    evidence: [told(on)],
    advice:
      "What such a leader lacks is cut off the other replicas' logs, acknowledged or not. Turn it off: the partition then waits for a replica that has everything. The price: it is offline until one is back.",
    setting: settingOf(history, "unclean.leader.election.enable", on[0]?.member),
  };
};

/** K3 */
export const fewReplicas: Rule = ({ history }) => {
  const few = valuesOf(history, "default.replication.factor").filter(({ value }) => Number(value) < 3);
  if (few.length === 0) return null;
  return {
    id: "kafka.default-replication-factor",
    severity: "low",
    title: `Topics made without a number of replicas get ${few[0]?.value ?? "few"}`,
    evidence: [`default.replication.factor: ${told(few)}`, "the probes' topic had a replica on every broker"],
    advice:
      "A topic with one replica is gone with its broker, whatever acks says. Set default.replication.factor to 3, and look at the topics that are there: kafka-topics.sh --describe.",
    setting: settingOf(history, "default.replication.factor", few[0]?.member),
  };
};

/** K11 */
export const noFlush: Rule = ({ history }) => {
  const found = settingOf(history, "log.flush.interval.messages");
  if (found.value === "unknown" || Number(found.value) < Number.MAX_SAFE_INTEGER) return null;
  return {
    id: "kafka.no-flush",
    severity: "info",
    title: "Acknowledged means in the memory of the in-sync replicas, not on disk",
    evidence: [
      "log.flush.interval.messages is at its default: Kafka leaves it to the operating system when records reach the disk",
      "a killed process loses nothing by that (this run), a machine without power does",
    ],
    advice:
      "Keep it, and place replicas so that no single power failure takes all in-sync ones. Flushing each record costs more than another replica.",
    setting: found,
  };
};
