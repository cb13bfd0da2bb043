import type { Setting } from "./history.ts";
import type { GuardResult } from "./system.ts";

/** The settings by which a system's consensus decides, and what about them cannot be meant. */
export interface Consensus {
  /** Names in the order in which they are shown; each must be readable. */
  shown: readonly string[];
  /** Of them, those that every member must have alike. */
  alike: readonly string[];
  /** Sentences on what contradicts itself; `value` is a setting's number, NaN when it is none. */
  contradictions(value: (name: string) => number): string[];
  /** Where the protocol is described. */
  documentation: string;
}

/** The guard's id in experiments; the same for every system that has a consensus. */
export const consensusGuard = "consensus-settings";

/**
 * Shows the settings that decide who leads, so that nobody tests a split brain without having seen how this system
 * prevents one. Does not hold when one cannot be read, when members differ, or when they contradict each other.
 */
export function judgeConsensus(settings: readonly Setting[], consensus: Consensus): GuardResult {
  const values = (name: string): string[] => [
    ...new Set(settings.filter((setting) => setting.name === name).map(({ value }) => value)),
  ];
  const unread = consensus.shown.filter((name) => values(name).length === 0 || values(name).includes("unknown"));
  const differing = consensus.alike.filter((name) => values(name).length > 1);
  const problems = [
    ...(unread.length === 0 ? [] : [`not readable: ${unread.join(", ")}`]),
    ...(differing.length === 0 ? [] : [`members differ in ${differing.join(", ")}`]),
    ...consensus.contradictions((name) => Number(values(name)[0] ?? Number.NaN)),
  ];
  const shown = consensus.shown.map((name) => `${name} ${values(name).join(" / ") || "unknown"}`).join(", ");
  return {
    ok: problems.length === 0,
    measured: problems.length === 0 ? shown : `${shown}; ${problems.join("; ")}`,
    bound: "every setting can be read, and none contradicts another",
    hint: `Read how it decides before you split it: ${consensus.documentation}.`,
  };
}

/** Sentinel: `quorum` agrees that a master is down, a majority of all Sentinels elects who fails over. */
export const sentinelConsensus: Consensus = {
  shown: [
    "quorum",
    "num-other-sentinels",
    "down-after-milliseconds",
    "failover-timeout",
    "min-replicas-to-write",
    "min-replicas-max-lag",
  ],
  alike: ["quorum", "num-other-sentinels", "down-after-milliseconds", "failover-timeout"],
  contradictions: (value) => {
    const sentinels = value("num-other-sentinels") + 1;
    return value("quorum") > sentinels ? [`a quorum of ${value("quorum")} of ${sentinels} can never be reached`] : [];
  },
  documentation: "Redis documentation, High availability with Redis Sentinel",
};

/** Patroni: who holds the lock leads; `loop_wait + 2 × retry_timeout ≤ ttl`, or a healthy primary may lose it. */
export const patroniConsensus: Consensus = {
  shown: ["ttl", "loop_wait", "retry_timeout", "synchronous_mode", "failsafe_mode", "maximum_lag_on_failover"],
  alike: ["ttl", "loop_wait", "retry_timeout", "synchronous_mode", "failsafe_mode", "maximum_lag_on_failover"],
  contradictions: (value) => {
    const needed = value("loop_wait") + 2 * value("retry_timeout");
    return needed > value("ttl") ? [`loop_wait + 2 × retry_timeout is ${needed} s, longer than ttl`] : [];
  },
  documentation: "Patroni documentation, dynamic configuration settings",
};

/** etcd: a majority of the voting members; its time-outs are told by none of its interfaces. */
export const etcdConsensus: Consensus = {
  shown: ["voting-members", "version"],
  alike: ["voting-members"],
  contradictions: () => [],
  documentation: "the Raft paper, and etcd's documentation on failures",
};
