/**
 * One metric, as it is exported and as docs/metrics.md lists it. Names and units are those of prometheus.io, "Metric and
 * label naming": base units, `_total` for counters.
 */
export interface MetricDefinition {
  type: "counter" | "gauge" | "histogram";
  name: `aftershock_${string}`;
  help: string;
  labels: readonly string[];
  /** Upper bounds of a histogram, in seconds. */
  buckets?: readonly number[];
}

const seconds = (from: number, to: number): number[] => {
  const steps = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600];
  return steps.filter((step) => step >= from && step <= to);
};

/** What a process has counted itself since it began; of several processes, add them up. */
export const counted = {
  build: { type: "gauge", name: "aftershock_build_info", help: "1, of this version.", labels: ["version", "role"] },
  commands: {
    type: "counter",
    name: "aftershock_commands_total",
    help: "Commands that people gave. refused: they were told what to mend; failed: a bug, or something was away.",
    labels: ["verb", "outcome"],
  },
  interactions: {
    type: "counter",
    name: "aftershock_interactions_total",
    help: "What people did besides commands: buttons, forms, shortcuts, and looks at the App Home.",
    labels: ["kind", "outcome"],
  },
  slackCalls: {
    type: "counter",
    name: "aftershock_slack_calls_total",
    help: "Calls to Slack's Web API. rate_limited: HTTP 429, nothing was done; unknown: no answer, it may have been done.",
    labels: ["method", "outcome"],
  },
  operations: {
    type: "counter",
    name: "aftershock_probe_operations_total",
    help: "Operations of the runs' clients. unknown: it may or may not have been applied.",
    labels: ["system", "client", "kind", "outcome"],
  },
  operationSeconds: {
    type: "histogram",
    name: "aftershock_probe_operation_duration_seconds",
    help: "Of operations with the outcome ok, from when the schedule wanted them sent.",
    labels: ["system", "client", "kind"],
    buckets: seconds(0.001, 10),
  },
  injectionSeconds: {
    type: "histogram",
    name: "aftershock_fault_injection_duration_seconds",
    help: "From asking for a fault until the cluster says that it is there.",
    labels: ["kind"],
    buckets: seconds(0.05, 60),
  },
  removalSeconds: {
    type: "histogram",
    name: "aftershock_fault_removal_duration_seconds",
    help: "From beginning to remove a fault until its object is gone.",
    labels: ["kind"],
    buckets: seconds(0.05, 300),
  },
  proofSeconds: {
    type: "histogram",
    name: "aftershock_fault_proof_duration_seconds",
    help: "From noting that a fault is removed until the last proof that it is gone; of cleanups that were proven.",
    labels: ["kind"],
    buckets: seconds(0.05, 600),
  },
  runsOwned: {
    type: "gauge",
    name: "aftershock_worker_runs",
    help: "Runs that this process conducts or heals now.",
    labels: [],
  },
  leaseLosses: {
    type: "counter",
    name: "aftershock_lease_losses_total",
    help: "Runs that this process had to leave to another worker.",
    labels: [],
  },
} as const satisfies Record<string, MetricDefinition>;

/** What PostgreSQL knows, read when it is scraped: every process says the same, so that of several one counts. */
export const stored = {
  runs: {
    type: "gauge",
    name: "aftershock_runs",
    help: "Runs that have not ended. A state without runs has no series.",
    labels: ["experiment", "state"],
  },
  ended: {
    type: "counter",
    name: "aftershock_runs_ended_total",
    help: "Runs that ended, by their three verdicts; none: it was not judged.",
    labels: ["experiment", "outcome", "hypothesis", "cleanup"],
  },
  phase: {
    type: "gauge",
    name: "aftershock_run_phase",
    help: "1: the run is in this phase. Until the run has ended.",
    labels: ["run", "experiment", "cluster", "phase"],
  },
  faults: {
    type: "gauge",
    name: "aftershock_faults",
    help: "Faults of runs that have not ended. intended: may be there; removed: not yet proven gone.",
    labels: ["kind", "state"],
  },
  faultAge: {
    type: "gauge",
    name: "aftershock_fault_age_seconds",
    help: "How long a fault has been there, or may have been. Until it is removed.",
    labels: ["run", "fault", "kind", "cluster"],
  },
  faultPlanned: {
    type: "gauge",
    name: "aftershock_fault_planned_seconds",
    help: "How long the fault shall be there. Until it is removed.",
    labels: ["run", "fault", "kind", "cluster"],
  },
  alarms: {
    type: "gauge",
    name: "aftershock_cleanup_alarms_open",
    help: "Runs whose cleanup is not verified. raised: nobody has acknowledged it.",
    labels: ["state"],
  },
  halted: {
    type: "gauge",
    name: "aftershock_halted",
    help: "1 while everything is halted and nothing may start.",
    labels: [],
  },
  outboxMessages: {
    type: "gauge",
    name: "aftershock_outbox_messages",
    help: "Messages and edits that wait for Slack.",
    labels: [],
  },
  outboxOldest: {
    type: "gauge",
    name: "aftershock_outbox_oldest_seconds",
    help: "How long the oldest of them has waited; 0 when none waits.",
    labels: [],
  },
} as const satisfies Record<string, MetricDefinition>;

/** What Redis knows, read when it is scraped: every process says the same. */
export const queued = {
  jobs: {
    type: "gauge",
    name: "aftershock_queue_jobs",
    help: "Wake-up calls in the queue: of runs, and of schedules.",
    labels: ["queue", "state"],
  },
} as const satisfies Record<string, MetricDefinition>;

/** Whether the two were there to be asked; without one its series are absent, never zero. */
export const sources = {
  database: {
    type: "gauge",
    name: "aftershock_database_up",
    help: "1: PostgreSQL answered this scrape in time.",
    labels: [],
  },
  queue: {
    type: "gauge",
    name: "aftershock_queue_up",
    help: "1: Redis answered this scrape in time.",
    labels: [],
  },
} as const satisfies Record<string, MetricDefinition>;

/** A value of a metric that is read when it is scraped. */
export interface Sample<Name extends string> {
  metric: Name;
  labels: Readonly<Record<string, string>>;
  value: number;
}
