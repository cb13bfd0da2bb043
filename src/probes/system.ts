import type { Readable, Writable } from "node:stream";
import type { SystemAccess } from "./access.ts";
import type { ClientInfo, FinalRead, Setting, TimelineEvent } from "./history.ts";
import type { Placement } from "./placement.ts";
import type { Recorder } from "./recorder.ts";

/**
 * What the conductor needs from one kind of stateful system. One file (or folder) per system in `src/probes/`
 * implements it; the conductor knows no system by name.
 */
export interface SystemAdapter {
  /** The `system:` of an experiment file, e.g. `redis-sentinel`. */
  readonly name: string;
  /** The name under which the target is taken (default: its own), where several adapters work on the same pods. */
  readonly occupies?: string;
  /** Opens connections to the system. Throws AftershockError `system_unreachable` when nothing answers. */
  open(context: SystemContext): Promise<SystemSession>;
}

/** A pod as an adapter sees it. */
export interface PodAddress {
  name: string;
  namespace: string;
  uid: string;
  /** The pod IP. Where to connect to is `SystemAccess.dial`'s to say. */
  host: string;
  labels: Readonly<Record<string, string>>;
  ready: boolean;
  /** Names of the persistent volume claims that it mounts. */
  claims?: readonly string[];
  /** Name of each started container to its id, which changes when it is started anew. */
  containerIds?: Readonly<Record<string, string>>;
  /** The node that it runs on. */
  node?: string;
}

export interface SystemContext {
  namespace: string;
  /**
   * Pods of the namespace, fresh at each call. Ask with a label selector (`app=redis`) where several systems share a
   * namespace: the lab then starts only the one that is meant.
   */
  pods(labelSelector?: string): Promise<PodAddress[]>;
  /** Pods of another namespace, e.g. of the application that uses the system. */
  podsIn(namespace: string, labelSelector?: string): Promise<PodAddress[]>;
  /** Where pods run and where their volumes are; absent where there is no cluster, e.g. on a rig of servers. */
  placement?: Placement;
  /**
   * Annotations of an object of the run's namespace in which a system keeps its own state; null: there is no such object.
   * Rejects within `timeoutMs` with AftershockError, `cluster_refused` where the right is missing. Absent where there is no
   * cluster.
   */
  annotationsOf?(
    kind: "Endpoints" | "ConfigMap",
    name: string,
    timeoutMs: number,
  ): Promise<Readonly<Record<string, string>> | null>;
  /** How its pods are found, and how its servers are spoken to. */
  access: SystemAccess;
  /** Parameters of the run after defaults, e.g. `{ rate: 100, masterName: "mymaster" }`. */
  parameters: Readonly<Record<string, string | number | boolean>>;
  runId: string;
  /** Runs a command in a pod, e.g. to prove a path from pod to pod. Rejects without an exit code. */
  exec(
    pod: string,
    command: readonly string[],
    timeoutMs: number,
    /** Defaults: the run's namespace, the pod's first container. */
    where?: { namespace?: string; container?: string },
  ): Promise<{ exitCode: number; stdout: string; stderr: string }>;
  /**
   * The same in any pod, with text or streams for standard input and output, which are never held in memory as a whole.
   * `stdout` is ended with the command; without it the result has the output. Absent where only tests run commands.
   */
  execStream?(
    target: { pod: string; namespace?: string; container?: string },
    command: readonly string[],
    options: { timeoutMs: number; stdin?: string | Readable; stdout?: Writable; signal?: AbortSignal },
  ): Promise<{ exitCode: number; stdout: string; stderr: string }>;
  /** Aborts everything the session does. */
  signal: AbortSignal;
  log: (message: string, detail?: Record<string, unknown>) => void;
}

/** The members of a system in the roles that the system itself reports now. */
export interface Topology {
  /** Names of groups that experiments may use as targets, e.g. `master`, `replicas`, `sentinels`. */
  groups: Readonly<Record<string, readonly string[]>>;
  /**
   * Pods that hold the system's data, whoever leads now, where others (Sentinels, an etcd, controllers) hold none of it:
   * no run kills all of these, or harms the volumes of all. Absent: all pods of all groups.
   */
  holders?: readonly string[];
  /**
   * Members that were asked and did not answer; absent when all did, or nobody is asked. A group that depends on what they
   * would have said is empty then, and nobody may take that for "there is none".
   */
  silent?: readonly string[];
  /** Groups that nobody can be in, because of how the system is made: why, as part of a sentence, and what to run instead. */
  without?: Readonly<Record<string, { why: string; instead: string }>>;
  /** One line for a person, e.g. `master redis-0, replicas redis-1 redis-2, 3 Sentinels, quorum 2`. */
  summary: string;
}

/** What a guard measured. `ok: false` stops the run before anything is touched. */
export interface GuardResult {
  ok: boolean;
  /** With units: `lag 0 bytes (redis-1), 14 bytes (redis-2)`. */
  measured: string;
  /** With units: `at most 1,048,576 bytes`. */
  bound: string;
  /** What to do when it does not hold. */
  hint: string;
}

/** A once-a-second picture for the live message. */
export interface ProbeStatus {
  atMs: number;
  clients: Array<{
    client: string;
    kind: "write" | "read";
    /** Totals since the start. */
    ok: number;
    fail: number;
    unknown: number;
    /** Over the last second. */
    okPerSecond: number;
    p50Ms: number | null;
    p99Ms: number | null;
    /** The member this client talks to now; null when it has no connection. */
    member: string | null;
    /** One entry a second, oldest first, at most 60: share of operations that were ok, 0..1; null when none was due. */
    okRatio: Array<number | null>;
  }>;
}

export interface Convergence {
  converged: boolean;
  /** What was still different when time ran out, or what all agree on. */
  summary: string;
  /** When they agreed for good, on the recorder's clock, where that was watched on for a while; absent: now. */
  atMs?: number;
}

export interface SystemSession {
  /** What the history's header says of this run: every probe client, and the members that are read back. */
  describe(): Promise<{ clients: ClientInfo[]; members: string[] }>;
  topology(): Promise<Topology>;
  /** Guards by id, with the bounds given in the experiment. Throws AftershockError `bad_experiment` for an unknown id. */
  guard(id: string, bounds: Readonly<Record<string, number>>): Promise<GuardResult>;
  /** Effective settings of every member that findings are tied to. */
  settings(): Promise<Setting[]>;
  /** Starts clients and observers; they write to the recorder until `stop()`. */
  start(recorder: Recorder): Promise<RunningProbes>;
  /** Waits until the system's members agree again, or the deadline has passed. Observations go to the recorder. */
  awaitConvergence(recorder: Recorder, deadlineMs: number, signal: AbortSignal): Promise<Convergence>;
  /** Proves in the data path that every pair of the two groups can talk in both directions. */
  proveConnected(left: readonly string[], right: readonly string[]): Promise<ConnectivityProof>;
  /** What every member holds for every write client; the caller records them. Never throws for one member: the error is in its record. */
  finalReads(recorder: Recorder): Promise<FinalRead[]>;
  /** Removes what the probes wrote. */
  cleanUp(): Promise<void>;
  close(): Promise<void>;
  /** What the experiment does of its own besides clients and faults; an ability that most systems do not have. */
  readonly exercise?: Exercise;
}

export interface ExerciseStage {
  /** Its events are also told in the thread, as far as src/slack/views/system.ts has words for them. */
  recorder: Recorder;
  /** Aborts when the stage is over, whether or not its work is done. */
  signal: AbortSignal;
}

/** Steps of an experiment beside its clients and faults: measured queries, a backup and its restore. */
export interface Exercise {
  /** In the baseline; nothing is injected before it resolves. A rejection fails the run. */
  before?(stage: ExerciseStage): Promise<void>;
  /** While the fault is active. A run without faults is over when this resolves. A rejection fails the run, which heals. */
  during?(stage: ExerciseStage): Promise<void>;
  /** After healing and convergence, before the final reads, if the run got as far as injecting. What it proves counts for the cleanup verdict. */
  after?(stage: ExerciseStage): Promise<Proof[]>;
}

/** A statement about the system after the run, and whether it was found true. */
export interface Proof {
  what: string;
  ok: boolean;
  detail: string;
}

export interface RunningProbes {
  status(): ProbeStatus;
  /** Called for every system event as it happens, so that the thread can tell it live. */
  onEvent(listener: (event: TimelineEvent) => void): void;
  /** Stops sending, waits for what is in flight (at most the operation timeout), writes schedule reports. */
  stop(): Promise<void>;
}

export interface ConnectivityProof {
  ok: boolean;
  /**
   * One entry per direction of each pair. `unasked`: the command that asks could not be run (its connection broke, its pod
   * is gone), so that nothing is known of the path.
   */
  pairs: Array<{ from: string; to: string; ok: boolean; detail: string; unasked?: true }>;
}
