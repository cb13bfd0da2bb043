import type { FindingReference } from "../finding-reference.ts";

const replication = "CloudNativePG documentation, replication";
const failover = "CloudNativePG documentation, automated failover";

/** What each finding of PostgreSQL with CloudNativePG means. */
export const cloudnativePgReference: Readonly<Record<string, FindingReference>> = {
  "cnpg.lost-acknowledged-writes": {
    severity: "critical",
    means: "Commits that PostgreSQL had confirmed are not on the primary at the end.",
    cause: "Replication is asynchronous unless it is asked for: the promoted replica lacked them.",
    evidence: "Missing numbers by client; the timelines; bytes of WAL that the old primary had beyond the fork.",
    mend: ".spec.postgresql.synchronous, with failoverQuorum: true where nobody may be promoted who lacks a commit.",
    source: replication,
  },
  "cnpg.two-primaries-accepted-writes": {
    severity: "critical",
    means: "Two members committed writes at once.",
    cause: "The old primary ran on while another was promoted, and clients still reached it.",
    evidence: "First commit of the newer primary, last of the older, and the commits in between.",
    mend: "Leave .spec.probes.liveness.isolationCheck on; have clients go by the service CLUSTER-rw.",
    source: "CloudNativePG documentation, primary isolation",
  },
  "cnpg.members-diverge": {
    severity: "critical",
    means: "Members hold different rows after recovery.",
    cause: "Two histories; a rejoin that should have rewound.",
    evidence: "Final read of every member against the primary's.",
    mend: "kubectl cnpg destroy CLUSTER INSTANCE: the operator copies it anew.",
  },
  "cnpg.no-failover": {
    severity: "medium or high",
    means: "Nobody was promoted though the primary was hit.",
    cause: "It was back before the operator acted, or the operator would or could not act.",
    evidence: "When the old primary answered again, and when a replica saw it gone.",
    mend: "A shorter .spec.failoverDelay, or none; the operator's log; instances that are fenced.",
    source: failover,
  },
  "cnpg.failover-time": {
    severity: "info",
    means: "How long it took until writes were accepted again, step by step.",
    cause: "The operator's look, .spec.failoverDelay, and since 1.30 the lease of the killed primary.",
    evidence: "Times of the loss, the promotion, the label, the first write and the rejoin.",
    mend: "A shorter .spec.primaryLease.leaseDurationSeconds, at the price of failovers for a network that stalls.",
    source: failover,
  },
  "cnpg.old-primary-not-back": {
    severity: "high",
    means: "The old primary did not return as a replica before the run ended.",
    cause: "It diverged and could not be rewound, or its pod is not back.",
    evidence: "It was never seen running on the new timeline.",
    mend: "Its log; kubectl cnpg destroy CLUSTER INSTANCE copies it anew.",
    source: failover,
  },
  "cnpg.replica-reads-failed": {
    severity: "low",
    means: "Reads from replicas failed though no replica was touched.",
    cause: "A replica drops connections when it is promoted.",
    evidence: "The errors that the read client met.",
    mend: "Several replicas in the read pool, by the service CLUSTER-ro, and retries.",
  },
  "cnpg.unknown-outcomes": {
    severity: "low",
    means: "Commits got no answer; some happened.",
    cause: "The connection broke, or no answer came in time.",
    evidence: "Unknown writes, and how many the final read has.",
    mend: "An id with a unique constraint for each write, so that a retry cannot apply twice.",
  },
  "cnpg.nothing-lost": {
    severity: "info",
    means: "Every confirmed commit was there at the end.",
    cause: "The promoted member had all of them, in this run.",
    evidence: "The count, and the 95 % upper bound (rule of three).",
    mend: "Nothing. Asynchronous replication promises nothing: repeat it before quoting it.",
    source: "Hanley and Lippman-Hand, JAMA 1983 (rule of three)",
  },
};
