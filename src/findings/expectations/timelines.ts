/** What is expected of an experiment, step by step, from the fault on. */
export interface ExpectedTimeline {
  experiment: string;
  source: string;
  steps: ReadonlyArray<{
    title: string;
    fromMs: number;
    toMs: number;
    /** Measures, by id, that say when the step was done; the first that was observed counts. */
    measures: readonly string[];
  }>;
}

/** The training module's tables of what to expect. Its times are for default settings. */
export const timelines: readonly ExpectedTimeline[] = [
  {
    experiment: "patroni-failover",
    source: "training module 1.4, expected Patroni failover timeline",
    steps: [
      { title: "The loss of the leader is seen", fromMs: 1000, toMs: 3000, measures: ["leader-loss-seen"] },
      { title: "The election begins", fromMs: 5000, toMs: 10_000, measures: ["lock-expired"] },
      { title: "Another is promoted", fromMs: 10_000, toMs: 20_000, measures: ["promoted"] },
      { title: "The endpoint is changed", fromMs: 10_000, toMs: 20_000, measures: ["endpoint"] },
      { title: "Applications write again", fromMs: 15_000, toMs: 30_000, measures: ["first-new-write"] },
      { title: "The old primary is back as a replica", fromMs: 20_000, toMs: 45_000, measures: ["rejoined"] },
    ],
  },
  {
    experiment: "redis-failover",
    source: "training module 1.4, expected Redis Sentinel timeline",
    steps: [
      { title: "A Sentinel marks the master as down (+sdown)", fromMs: 5000, toMs: 5000, measures: ["sdown"] },
      { title: "The quorum agrees (+odown)", fromMs: 15_000, toMs: 30_000, measures: ["odown"] },
      { title: "A Sentinel is elected to fail over", fromMs: 15_000, toMs: 35_000, measures: ["elected"] },
      {
        title: "The new master is announced (+switch-master)",
        fromMs: 20_000,
        toMs: 45_000,
        measures: ["switch-master"],
      },
      { title: "Clients write to it", fromMs: 20_000, toMs: 45_000, measures: ["first-new-write"] },
    ],
  },
  {
    experiment: "statefulset-reschedule",
    source: "training module 1.4, rescheduling when a node fails",
    steps: [
      {
        title: "The volume is detached and attached, and the pod is ready elsewhere",
        fromMs: 300_000,
        toMs: 600_000,
        measures: ["reschedule"],
      },
    ],
  },
];
