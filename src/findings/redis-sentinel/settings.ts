import type { History } from "../../probes/history.ts";
import type { Finding } from "../report.ts";

interface Recommendation {
  /** Row of the table of settings in the anchors on consistency, 4.1. */
  id: string;
  recommended: string;
  source: string;
}

/** What to set, by the setting's name. The rules say when; the price of each is in their advice. */
const recommendations: Readonly<Record<string, Recommendation>> = {
  "down-after-milliseconds": { id: "R1", recommended: "5000", source: "sentinel.conf; its default is 30000" },
  "failover-timeout": { id: "R2", recommended: "60000", source: "sentinel.conf; its default is 180000" },
  "parallel-syncs": {
    id: "R3",
    recommended: "the number of replicas less one, if no reads depend on them",
    source: "sentinel.conf; its default is 1",
  },
  quorum: {
    id: "R4",
    recommended: "a majority of an odd number of Sentinels, at least 3",
    source: "Redis documentation, Sentinel",
  },
  "min-replicas-to-write": {
    id: "R5",
    recommended: "1",
    source: "Redis documentation, replication: allow writes only with N attached replicas",
  },
  "min-replicas-max-lag": {
    id: "R6",
    recommended: "3",
    source: "Redis documentation, replication; replicas acknowledge each second",
  },
  appendonly: { id: "R8", recommended: "yes", source: "Redis documentation, persistence" },
  appendfsync: { id: "R9", recommended: "everysec", source: "redis.conf" },
};

/** The live value of a setting on a member; `unknown` when it was not read. */
export function settingValue(history: History, name: string, member?: string): string {
  return find(history, name, member)?.value ?? "unknown";
}

/** The live value as a number; null when it was not read or is none. */
export function settingNumber(history: History, name: string, member?: string): number | null {
  const text = find(history, name, member)?.value ?? "";
  const value = Number(text);
  return text === "" || !Number.isFinite(value) ? null : value;
}

/** A finding's `setting`, from the live servers. */
export function settingOf(history: History, name: string, member?: string): NonNullable<Finding["setting"]> {
  const found = find(history, name, member);
  const { recommended = "", source = "" } = recommendations[name] ?? {};
  return { name, value: found?.value ?? "unknown", member: found?.member ?? "unknown", recommended, source };
}

function find(history: History, name: string, member?: string): History["settings"][number] | undefined {
  return history.settings.find((entry) => entry.name === name && (member === undefined || entry.member === member));
}
