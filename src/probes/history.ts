/**
 * The history of one run: every operation that every client tried, what the system said of itself, the phases,
 * and what each member held at the end. It is the only input of the checkers in `src/findings/`.
 *
 * All `…Ms` values are milliseconds since the recorder's zero (the start of the baseline), taken from one
 * monotonic clock, fractions kept. Wall-clock time appears once, in the header. The same records, one a line, are
 * `history.jsonl`; its format is described for other checkers in `docs/history.md`.
 */

/** `ok`: acknowledged. `fail`: certainly not applied. `unknown`: may or may not have been applied. */
export type Outcome = "ok" | "fail" | "unknown";

export type OperationKind = "write" | "read";

/** One client of a run, as the header lists it. */
export interface ClientInfo {
  /** Unique in the run, e.g. `follower`, `pinned`, `follower-reads`, `pinned-reads`. */
  id: string;
  kind: OperationKind;
  /** One sentence: what an application like this client does. */
  title: string;
  /** For a read client, the write client whose values it reads. */
  reads?: string;
  /** Planned rate of operations; open loop. */
  ratePerSecond: number;
  /** An operation without an answer after this long is `unknown` (writes) or `fail` (reads). */
  timeoutMs: number;
}

export interface HistoryHeader {
  type: "header";
  schemaVersion: 1;
  run: string;
  experiment: string;
  system: string;
  /** ISO 8601 instant of the recorder's zero. */
  zeroAt: string;
  clients: ClientInfo[];
  /** How the probes reached the pods: through the API server; absent: at the pods' own addresses. */
  wayIn?: "port-forward";
  /** Members whose data is read back at the end, e.g. `redis-0`. */
  members: string[];
}

/**
 * One operation. A write carries `seq`, unique and rising in its client, from 1. It is never retried under the same
 * `seq`. A read carries `seen`, the highest `seq` of the client in `ClientInfo.reads` that it saw (0: none).
 */
export interface Operation {
  type: "op";
  client: string;
  kind: OperationKind;
  seq: number;
  /** When the open-loop schedule wanted it sent. Latency is `endMs - plannedMs` (no coordinated omission). */
  plannedMs: number;
  /** When it was sent; equal to `endMs` if it never was. */
  startMs: number;
  endMs: number;
  outcome: Outcome;
  /** The member it was sent to, e.g. `redis-1`, or that an application last named as its server; absent if none is known. */
  member?: string;
  /** Short class of what went wrong, e.g. `READONLY`, `NOREPLICAS`, `timeout`, `refused`, `not-sent`. */
  error?: string;
  /** Reads only. */
  seen?: number;
  /** Acknowledged writes only: the place in the log that the server says it gave it, where the system has logs. */
  offset?: number;
}

/** Something the system, the cluster or the run said of itself, on the same clock. */
export interface TimelineEvent {
  type: "event";
  atMs: number;
  /** Who said so: `redis-sentinel-1`, `redis-0`, `cluster`, `run`. */
  source: string;
  /** E.g. `+sdown`, `+switch-master`, `role`, `link`, `fault-injected`, `fault-removed`, `client-master`. */
  event: string;
  /** Flat values: `{ role: "master", offset: 1234 }`. */
  detail: Readonly<Record<string, string | number | boolean | null>>;
}

/** Start of a phase; it lasts until the next one. */
export interface PhaseMark {
  type: "phase";
  atMs: number;
  phase: "baseline" | "injecting" | "active" | "healing" | "recovery" | "final-reads";
}

/**
 * What one member held for one write client after recovery. Values are in stored order and may repeat; runs of
 * consecutive numbers are folded: `[[1, 500], [502, 502], [502, 502]]`. `error` set means the read failed, and the
 * verdict cannot be better than inconclusive.
 */
export interface FinalRead {
  type: "final-read";
  atMs: number;
  member: string;
  client: string;
  /** The member's own role at that time. */
  role: string;
  /** True for the one member whose content counts as the surviving state (the master that all agree on). */
  authoritative: boolean;
  ranges: Array<[from: number, to: number]>;
  error?: string;
}

/** A setting read from a live server, e.g. `{ member: "redis-0", name: "min-replicas-to-write", value: "0" }`. */
export interface Setting {
  type: "setting";
  member: string;
  name: string;
  value: string;
}

/** How well the schedule was kept, per client; measured, so that slipping is said and not hidden. */
export interface ScheduleReport {
  type: "schedule";
  client: string;
  planned: number;
  sent: number;
  notSent: number;
  /** 99th percentile and maximum of `startMs - plannedMs` over what was sent. */
  lateP99Ms: number;
  lateMaxMs: number;
}

/** Event-loop delay of the probing process over the whole run. */
export interface LoopDelay {
  type: "loop-delay";
  p99Ms: number;
  maxMs: number;
}

export type HistoryRecord =
  | HistoryHeader
  | Operation
  | TimelineEvent
  | PhaseMark
  | FinalRead
  | Setting
  | ScheduleReport
  | LoopDelay;

/** A whole history, taken apart by record type; every list is in order of time. */
export interface History {
  header: HistoryHeader;
  operations: Operation[];
  events: TimelineEvent[];
  phases: PhaseMark[];
  finalReads: FinalRead[];
  settings: Setting[];
  schedules: ScheduleReport[];
  loopDelay?: LoopDelay;
}
