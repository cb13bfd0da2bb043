/** How long a system is said to take until it accepts writes again after losing its leader. */
export interface Claim {
  /** The `system` of experiments that measure it; null: nothing here does. */
  system: string | null;
  title: string;
  /** Null: nobody claims a figure that we know of. */
  claim: { fromMs: number; toMs: number; source: string } | null;
  /** What is known instead, or what to mind. */
  note?: string;
  /** The measure that answers the claim, by experiment, in order of preference. */
  measures: ReadonlyArray<{ experiment: string; measure: string }>;
}

const module = "training module 1.4, the vendors' own figures";

/**
 * Claimed recovery times. The module quotes four; the others document the settings that the time comes from and promise
 * no figure (etcd's tuning guide, RabbitMQ's page on quorum queues, Kafka's broker configuration).
 */
export const claims: readonly Claim[] = [
  {
    system: "patroni",
    title: "PostgreSQL with Patroni",
    claim: { fromMs: 10_000, toMs: 30_000, source: module },
    note: "the module's failover exercise says 15 to 30 s",
    measures: [
      { experiment: "patroni-failover", measure: "first-new-write" },
      { experiment: "patroni-partition", measure: "first-new-write" },
      { experiment: "patroni-zone-partition", measure: "first-new-write" },
    ],
  },
  {
    system: "cloudnative-pg",
    title: "PostgreSQL with CloudNativePG",
    claim: null,
    note: "since 1.30 a killed primary's lease is waited for, 15 s by default (primaryLease)",
    measures: [{ experiment: "cnpg-failover", measure: "first-new-write" }],
  },
  {
    system: "redis-sentinel",
    title: "Redis with Sentinel",
    claim: { fromMs: 15_000, toMs: 45_000, source: module },
    measures: [
      { experiment: "redis-failover", measure: "first-new-write" },
      { experiment: "redis-split-brain", measure: "first-new-write" },
    ],
  },
  {
    system: null,
    title: "MySQL with Group Replication",
    claim: { fromMs: 5000, toMs: 15_000, source: module },
    note: "there is no experiment for it",
    measures: [],
  },
  {
    system: null,
    title: "MongoDB replica set",
    claim: { fromMs: 10_000, toMs: 30_000, source: module },
    note: "there is no experiment for it",
    measures: [],
  },
  {
    system: "etcd",
    title: "etcd",
    claim: null,
    note: "an election starts 1 to 2 s after the leader's last heartbeat (election-timeout 1000 ms); measured is the way back from a lost quorum",
    measures: [{ experiment: "etcd-quorum-loss", measure: "first-ack" }],
  },
  {
    system: "rabbitmq",
    title: "RabbitMQ",
    claim: null,
    measures: [{ experiment: "rabbitmq-node-kill", measure: "first-confirm" }],
  },
  {
    system: "kafka",
    title: "Apache Kafka",
    claim: null,
    note: "a lost broker is fenced after broker.session.timeout.ms, 9 s by default",
    measures: [{ experiment: "kafka-broker-kill", measure: "first-ack" }],
  },
];
