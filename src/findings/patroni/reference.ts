import type { FindingReference } from "../finding-reference.ts";

const modes = "Patroni documentation, replication modes";
const dynamic = "Patroni documentation, dynamic configuration";

/** What each finding of PostgreSQL with Patroni means. */
export const patroniReference: Readonly<Record<string, FindingReference>> = {
  "patroni.lost-acknowledged-writes": {
    severity: "critical",
    means: "Commits that PostgreSQL had confirmed are not on the primary at the end.",
    cause:
      "Replication is asynchronous: the promoted replica lacked them, or a cut-off primary took them until it was demoted.",
    evidence: "Missing numbers by client; the timelines; bytes of WAL that the old primary had beyond the fork.",
    mend: "synchronous_mode: true (with synchronous_mode_strict where no write may ever be lost); maximum_lag_on_failover bounds it otherwise.",
    source: modes,
  },
  "patroni.two-primaries-accepted-writes": {
    severity: "critical",
    means: "Two members committed writes at once.",
    cause:
      "Patroni was stopped or starved while PostgreSQL ran on, so that it could not demote before the lock expired.",
    evidence: "First commit of the newer primary, last of the older, and the commits in between.",
    mend: "watchdog.mode: required.",
    source: "Patroni documentation, watchdog support",
  },
  "patroni.members-diverge": {
    severity: "critical",
    means: "Members hold different rows after recovery.",
    cause: "Two histories; a rejoin that should have rewound.",
    evidence: "Final read of every member against the primary's.",
    mend: "patronictl reinit CLUSTER MEMBER.",
  },
  "patroni.divergence-with-lag-zero": {
    severity: "critical",
    means: "A member differs while Patroni shows lag 0.",
    cause: "Lag compares positions in the log, not what is in it.",
    evidence: "The member's rows, and Patroni's own view of it at the end.",
    mend: "Compare content after every failover; patronictl reinit.",
  },
  "patroni.old-primary-took-lock-back": {
    severity: "critical",
    means: "After healing the old primary took the leader lock though another had been promoted.",
    cause:
      "With the driver etcd3 before Patroni 3.0.3: it writes the leader key without comparing who holds it. synchronous_mode does not prevent it.",
    evidence: "The lock's holder over time, writes that the new primary had acknowledged, version and driver.",
    mend: "Patroni 3.0.3 or newer; until then the driver etcd with etcd's API v2.",
    source: "Patroni pull request 2693; release notes of 3.0.3",
  },
  "patroni.no-failover": {
    severity: "medium after a kill, otherwise high",
    means: "Nobody else was promoted.",
    cause:
      "The primary was back before ttl, or the fault was shorter than ttl, or no replica was fit (maximum_lag_on_failover, nofailover, pause).",
    evidence: "Whether and when the lock was free; ttl; when the old primary answered again.",
    mend: "Lower ttl if the outage is too long; lengthen the fault if it was too short.",
    source: dynamic,
  },
  "patroni.failover-time": {
    severity: "medium above 30 s, otherwise info",
    means: "How long no write was accepted, step by step.",
    cause: "Waiting for the lock to expire: ttl.",
    evidence: "Lock free, lock taken, promoted, first write, each after the fault; 15 to 30 s is commonly expected.",
    mend: "ttl 20 to 30 with loop_wait + 2 × retry_timeout ≤ ttl.",
    source: dynamic,
  },
  "patroni.demoted-before-promotion": {
    severity: "info",
    means: "The cut-off primary stopped before another was promoted: Patroni's fencing at work.",
    cause: "retry_timeout ran out before ttl.",
    evidence: "Last acknowledged write of the old primary, and the promotion.",
    mend: "A lower retry_timeout shortens the time in which writes are taken alone, and demotes for shorter stalls of etcd, or of the Kubernetes API where the lock is there.",
    source: dynamic,
  },
  "patroni.replica-reads-failed": {
    severity: "low",
    means: "Reads from replicas failed though no replica was touched.",
    cause: "A replica restarts or drops connections when it follows another primary or is promoted.",
    evidence: "The errors that the read client met.",
    mend: "Several replicas in the read pool, and retries.",
  },
  "patroni.old-primary-not-back": {
    severity: "high",
    means: "The old primary did not return as a replica before the run ended.",
    cause: "It diverged and cannot be rewound.",
    evidence: "It was never seen running on the new timeline.",
    mend: "use_pg_rewind with wal_log_hints or data checksums; now: patronictl reinit.",
    source: "Patroni documentation, use_pg_rewind",
  },
  "patroni.unknown-outcomes": {
    severity: "low",
    means: "Commits got no answer; some happened.",
    cause: "The connection broke, or no answer came in time.",
    evidence: "Unknown writes, and how many the final read has.",
    mend: "An id with a unique constraint for each write, so that a retry cannot apply twice.",
  },
  "patroni.nothing-lost": {
    severity: "info",
    means: "Every confirmed commit was there at the end.",
    cause: "The promoted member had all of them, in this run.",
    evidence: "The count, and the 95 % upper bound (rule of three).",
    mend: "Nothing. Asynchronous replication promises nothing: repeat it before quoting it.",
    source: "Hanley and Lippman-Hand, JAMA 1983 (rule of three)",
  },
};
