import type { FindingReference } from "../finding-reference.ts";

const replication = "Redis documentation, replication";
const sentinel = "Redis documentation, Sentinel; sentinel.conf";

/** What each finding of Redis with Sentinel means. */
export const redisReference: Readonly<Record<string, FindingReference>> = {
  "redis.lost-acknowledged-writes": {
    severity: "critical",
    means: "Writes that Redis had answered with OK are on no member that counts at the end.",
    cause:
      "Replication is asynchronous: a cut-off or killed master had taken writes that the promoted replica never got.",
    evidence:
      "Acknowledged numbers of each client that the final read of the agreed master lacks, as ranges; the loss predicted from the timings beside it.",
    mend: "min-replicas-to-write 1 and min-replicas-max-lag 3 on every member bound the loss of a partition to about 3 s. For none, WAIT 1 with its answer checked. The price: no writes when replicas are merely down.",
    source: replication,
  },
  "redis.two-masters-accepted-writes": {
    severity: "critical",
    means: "Two members acknowledged writes at the same time (more than the tolerance of the clock).",
    cause: "Sentinel promotes a replica and cannot stop a master that it does not reach.",
    evidence:
      "First acknowledged write of the newer master, last of the older, and how many the older took in between.",
    mend: "min-replicas-to-write 1: a master without replicas stops by itself after min-replicas-max-lag.",
    source: replication,
  },
  "redis.old-master-stopped-accepting": {
    severity: "info",
    means: "The cut-off master refused writes: the protection worked.",
    cause: "min-replicas-to-write is set, and its replicas were silent for min-replicas-max-lag.",
    evidence: "First NOREPLICAS after injection; the loss, and the loss predicted without the protection.",
    mend: "Keep min-replicas-max-lag as low as acknowledgements each second allow: 3.",
    source: replication,
  },
  "redis.members-diverge": {
    severity: "critical",
    means: "After recovery members hold different values.",
    cause: "A resynchronisation that did not happen, or took the wrong side, while link and offsets look well.",
    evidence: "Final read of every member compared with the master's.",
    mend: "Resynchronise the member from scratch before it may be promoted: stop it, remove its data, start it.",
  },
  "redis.unexpected-values": {
    severity: "high",
    means: "A value is stored twice, or though it was refused or never sent.",
    cause: "Something between client and Redis sends again.",
    evidence: "Duplicates and strangers in the final read, against the ledger.",
    mend: "Look for proxies or libraries that retry writes.",
  },
  "redis.unknown-outcomes": {
    severity: "low",
    means: "Writes got no answer; some of them had been applied.",
    cause: "A time-out or a lost connection after the write was sent.",
    evidence: "Unknown writes by client, and how many of them the final read has.",
    mend: "Make writes idempotent before retrying them.",
  },
  "redis.nothing-lost": {
    severity: "info",
    means: "Every acknowledged write was there at the end.",
    cause: "Nothing was acknowledged that a promoted replica lacked, in this run.",
    evidence: "The count, and the share that could still be lost with 95 % confidence (rule of three).",
    mend: "Nothing. One run is one sample: repeat it before quoting it.",
    source: "Hanley and Lippman-Hand, JAMA 1983 (rule of three)",
  },
  "redis.key-written-on-both-sides": {
    severity: "high",
    means: "One key was set through both masters; one side's values are gone.",
    cause: "There is no merge: the overruled master copies the other's data whole.",
    evidence: "Last acknowledged value of each side, and the value that is read in the end from every member.",
    mend: "Keep a version in the value and compare it on write (a Lua script, or WATCH).",
    source: replication,
  },
  "redis.master-back-before-missed": {
    severity: "critical with loss, otherwise high",
    means: "The killed master was back before the Sentinels missed it, with what its disk had.",
    cause: "Its restart took less than down-after-milliseconds; the replicas then copied its older or empty data.",
    evidence: "Time until it answered; its appendonly and save; the loss.",
    mend: "appendonly yes, or make members wait longer than down-after-milliseconds before they start again.",
    source: "Redis documentation, replication: safety when the master has persistence turned off",
  },
  "redis.returned-as-master": {
    severity: "critical",
    means: "The killed master came back as a master and took writes that were then dropped.",
    cause: "It does not know that it was overruled until a Sentinel tells it, several seconds later.",
    evidence: "Writes that it acknowledged after its return, and when it became a replica.",
    mend: "min-replicas-to-write 1; clients that ask Sentinel at each connection; a start script that asks the Sentinels first.",
    source: sentinel,
  },
  "redis.lost-with-the-master": {
    severity: "critical",
    means: "Acknowledged writes died with the master before a replica had them.",
    cause: "Redis acknowledges before it replicates.",
    evidence: "Lost writes that the killed master had acknowledged, and how long before the kill the oldest was.",
    mend: "WAIT 1 with its answer checked, for writes that must survive.",
    source: "Redis documentation, WAIT",
  },
  "redis.no-failover": {
    severity: "high",
    means: "No replica was promoted.",
    cause: "The fault was shorter than down-after-milliseconds and an election, or too few Sentinels could agree.",
    evidence: "Which of +sdown, +odown, +switch-master was seen; the length of the fault; quorum.",
    mend: "Lengthen the fault, or check that a quorum is reachable and that every Sentinel knows the others.",
    source: sentinel,
  },
  "redis.failover-time": {
    severity: "medium with down-after-milliseconds above 10 s, otherwise info",
    means: "How long the failover took, step by step.",
    cause: "Waiting down-after-milliseconds is the larger part.",
    evidence:
      "+sdown, +odown, +switch-master and the first write on the new master, after injection; 15 to 45 s is what is commonly claimed.",
    mend: "down-after-milliseconds 5000, while that is above the longest pause of a healthy master.",
    source: sentinel,
  },
  "redis.failover-before-fault": {
    severity: "high",
    means: "A failover happened in the baseline.",
    cause: "The system is not steady under this load.",
    evidence: "+switch-master before injection.",
    mend: "Find out why (slow commands, memory, starved Sentinels) before testing further.",
  },
  "redis.failover-after-healing": {
    severity: "high",
    means: "A second failover happened when the fault was gone.",
    cause: "Sentinels that still disagreed, or a new master that stalled under resynchronisation.",
    evidence: "+switch-master away from the new master after healing.",
    mend: "A larger down-after-milliseconds; the price: a later failover.",
    source: sentinel,
  },
  "redis.new-master-refused-writes": {
    severity: "high",
    means: "The new master refused writes for want of replicas.",
    cause:
      "min-replicas-to-write is on and the other replicas had not been turned to it yet; one that cannot be reached holds up the rest.",
    evidence: "NOREPLICAS from the new master after +switch-master.",
    mend: "parallel-syncs above 1, and a lower failover-timeout.",
    source: sentinel,
  },
  "redis.weak-quorum": {
    severity: "medium",
    means: "The loss of one Sentinel may leave no majority, or a minority may call a master down.",
    cause: "Fewer than three Sentinels, a quorum below the majority, or Sentinels that count each other differently.",
    evidence: "quorum and num-other-sentinels of every Sentinel.",
    mend: "An odd number of Sentinels, at least three, in separate failure domains, with a majority as quorum; SENTINEL RESET removes those that are gone.",
    source: sentinel,
  },
  "redis.client-never-recovered": {
    severity: "high",
    means: "A write client had no lasting success until the end of the run.",
    cause: "It keeps its connection to a member that is a replica now.",
    evidence: "The outage without an end, and the errors in it.",
    mend: "A Sentinel-aware client that checks ROLE on new connections and closes on READONLY.",
    source: "Redis documentation, Sentinel clients",
  },
  "redis.stale-reads": {
    severity: "medium",
    means: "Reads did not show writes that had been acknowledged before.",
    cause: "They went to a member that was cut off or behind, or the write was lost.",
    evidence: "Stale reads by client, the oldest miss, and whether the missed write survived.",
    mend: "Read your own writes from the member that acknowledged them; WAIT where it matters.",
    source: replication,
  },
  "redis.append-only-off": {
    severity: "medium when nothing at all is written to disk, otherwise info",
    means: "A member that restarts loses what came after its last snapshot, or all.",
    cause: "appendonly is no.",
    evidence: "appendonly and save of every member.",
    mend: "appendonly yes with appendfsync everysec, or no automatic restart of a master.",
    source: "Redis documentation, persistence",
  },
};
