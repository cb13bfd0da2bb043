import type { FindingReference } from "../finding-reference.ts";

/** What each finding of etcd means. */
export const etcdReference: Readonly<Record<string, FindingReference>> = {
  "etcd.lost-acknowledged-writes": {
    severity: "critical",
    means: "A write that a majority had on disk is gone.",
    cause: "Disks that did not keep what they confirmed, or a member that was replaced empty under its old name.",
    evidence: "Missing numbers by client.",
    mend: "Look at the storage (fsync); remove a member before its replacement is added.",
    source: "etcd documentation, failure modes",
  },
  "etcd.accepted-without-quorum": {
    severity: "critical",
    means: "A write was acknowledged while the majority was down.",
    cause: "The members were not down, or clients reached another cluster.",
    evidence: "Who acknowledged what, while who was down.",
    mend: "Check the clients' endpoints, and whether the fault hit whom it should.",
  },
  "etcd.members-diverge": {
    severity: "critical",
    means: "Members hold different data after recovery.",
    cause: "Corruption of one member's disk, or a bug.",
    evidence: "Hashes at one revision, and keys unlike the leader's.",
    mend: "Remove the member, wipe it, add it again. Turn corruption checks on (--experimental-initial-corrupt-check, --experimental-corrupt-check-time).",
    source: "etcd documentation, data corruption",
  },
  "etcd.refused-without-quorum": {
    severity: "info",
    means: "The survivor refused writes: etcd kept its promise.",
    cause: "No majority, no leader.",
    evidence: "When there was no leader, what each operation was answered, and which reads were answered meanwhile.",
    mend: "Deadlines on every request; serializable reads only where a stale answer will do; 3 or 5 members in as many failure domains.",
    source: "etcd documentation, API guarantees",
  },
  "etcd.recovery-time": {
    severity: "info",
    means: "How long after the members returned writes were accepted again.",
    cause: "The members' start, and one to three election timeouts.",
    evidence: "Leader and term before and after; time to the first acknowledged write.",
    mend: "A lower --election-timeout, at least ten round trips long.",
    source: "etcd documentation, tuning",
  },
  "etcd.failed-elections": {
    severity: "low",
    means: "The term rose by more than one: elections failed.",
    cause: "A member without a quorum stands again and again, and raises its term.",
    evidence: "Term before and after.",
    mend: "--pre-vote (on by default since 3.5).",
    source: "etcd 3.4, etcd --help",
  },
  "etcd.unknown-outcomes": {
    severity: "low",
    means: "Requests got no answer; some were applied.",
    cause: "A proposal may be committed when a quorum returns.",
    evidence: "Unknown writes, and how many the final read has.",
    mend: "Guard writes by a transaction (create_revision, mod_revision).",
  },
  "etcd.nothing-lost": {
    severity: "info",
    means: "Every acknowledged write was there at the end.",
    cause: "A majority kept its disks.",
    evidence: "The count, and the 95 % upper bound (rule of three).",
    mend: "Nothing. Repeat it before quoting it.",
    source: "Hanley and Lippman-Hand, JAMA 1983 (rule of three)",
  },
};
