import type { History } from "../../probes/history.ts";
import type { Finding } from "../report.ts";

/** What to set, from anchors/consistency-and-failover.md 4.1 and the documents named. */
const advice: Readonly<Record<string, { recommended: string; source: string }>> = {
  "min-replicas-to-write": {
    recommended: "1",
    source: "Redis documentation, replication: allow writes only with N attached replicas",
  },
  "min-replicas-max-lag": {
    recommended: "3",
    source: "Redis documentation, replication; replicas acknowledge each second",
  },
  "down-after-milliseconds": { recommended: "5000", source: "sentinel.conf; its default is 30000" },
  "failover-timeout": { recommended: "60000", source: "sentinel.conf; its default is 180000" },
  quorum: { recommended: "a majority of an odd number of Sentinels", source: "Redis documentation, Sentinel" },
  appendonly: { recommended: "yes", source: "Redis documentation, persistence" },
};

/** The live value of a setting on a member; `unknown` when it was not read. */
export function settingValue(history: History, name: string, member?: string): string {
  const found = history.settings.find(
    (entry) => entry.name === name && (member === undefined || entry.member === member),
  );
  return found?.value ?? "unknown";
}

/** A finding's `setting`, from the live servers. */
export function settingOf(history: History, name: string, member?: string): NonNullable<Finding["setting"]> {
  const found = history.settings.find(
    (entry) => entry.name === name && (member === undefined || entry.member === member),
  );
  const { recommended, source } = advice[name] ?? { recommended: "", source: "" };
  return { name, value: found?.value ?? "unknown", member: found?.member ?? "unknown", recommended, source };
}
