import type { Readable, Writable } from "node:stream";
import type { Placement } from "../probes/placement.ts";
import type { PodAddress } from "../probes/system.ts";

/** A Kubernetes object as JSON; only what we rely on is typed. */
export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    uid?: string;
    resourceVersion?: string;
    creationTimestamp?: string;
    deletionTimestamp?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    finalizers?: string[];
  };
  spec?: Record<string, unknown>;
  status?: Record<string, unknown>;
}

/** Everything the bot asks of a cluster. `src/cluster/` is the only user of the Kubernetes client. */
export interface Cluster {
  readonly name: string;
  /** What of it may be used; absent: all. What is listed in all namespaces is listed in these only. */
  readonly scope?: ClusterScope;
  /** `labelSelector` as in kubectl, e.g. `app=redis`; absent: all of the namespace. */
  pods(namespace: string, signal?: AbortSignal, labelSelector?: string): Promise<PodAddress[]>;
  /** The way to the pods for one session. */
  openWay(options: WayOptions): PodWay;
  /**
   * A Secret's values by key, as text; null when it does not exist. Needs a right to that very Secret
   * (`clusters.NAME.targets`).
   */
  getSecret(namespace: string, name: string, signal?: AbortSignal): Promise<Readonly<Record<string, string>> | null>;
  /**
   * Annotations of one object, within `timeoutMs`; null when it does not exist. Needs a right to that very object
   * (`clusters.NAME.targets`).
   */
  annotationsOf(
    object: { kind: "Endpoints" | "ConfigMap"; namespace: string; name: string },
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<Readonly<Record<string, string>> | null>;
  /** Creates with strict field validation. An object that exists already with the same run label is returned as is. */
  createChaos(object: KubernetesObject, signal?: AbortSignal): Promise<KubernetesObject>;
  /** Null when it does not exist. */
  getChaos(ref: ChaosRef, signal?: AbortSignal): Promise<KubernetesObject | null>;
  /**
   * Objects of all chaos kinds with a label selector, in one namespace or in all. A kind that the server does not serve
   * has none; any other "not found" rejects.
   */
  listChaos(selector: string, namespace?: string, signal?: AbortSignal): Promise<KubernetesObject[]>;
  /** Idempotent: an object that is gone is fine. */
  deleteChaos(ref: ChaosRef, signal?: AbortSignal): Promise<void>;
  /** Last step of the abort ladder: drops the finalizers without healing. */
  dropFinalizers(ref: ChaosRef, signal?: AbortSignal): Promise<void>;
  /** Chaos Mesh's own pods: what injects and heals. */
  chaosMesh(signal?: AbortSignal): Promise<ChaosMesh>;
  /** Where pods run and where their volumes are. */
  placement(signal?: AbortSignal): Placement;
  /**
   * Cordons or uncordons a node and sets (or, with null, removes) annotations in the same step. `conflict`: the node has
   * changed since that resourceVersion, and nothing was done. Rejects when there is no such node.
   */
  setSchedulable(node: string, change: NodeChange, signal?: AbortSignal): Promise<"changed" | "conflict">;
  /**
   * Deletes one very pod. `gone`: there is none of that name; `replaced`: the one there is another, and was left alone.
   * With `gracePeriodSeconds: 0` the API frees the name at once (`--force`).
   */
  deletePod(pod: PodRef, signal?: AbortSignal): Promise<"deleted" | "gone" | "replaced">;
  /** Runs a command in a pod's container; rejects only when the exit code could not be had. */
  exec(target: ExecTarget, command: readonly string[], options?: ExecOptions): Promise<ExecResult>;
  /** A pod that belongs to no controller. One that exists already with the same run label is fine. */
  createPod(manifest: KubernetesObject, signal?: AbortSignal): Promise<void>;
  /** Null when it does not exist. */
  getPod(namespace: string, name: string, signal?: AbortSignal): Promise<KubernetesObject | null>;
  /** Pods of all namespaces with a label, also those without an address yet. */
  labelledPods(labelSelector: string, signal?: AbortSignal): Promise<KubernetesObject[]>;
  /** Null when it does not exist. */
  getConfigMap(namespace: string, name: string, signal?: AbortSignal): Promise<ConfigMap | null>;
  /** Makes the namespace, too, where it is missing. `exists`: there is one of that name, and nothing was changed. */
  createConfigMap(
    namespace: string,
    name: string,
    data: Readonly<Record<string, string>>,
    signal?: AbortSignal,
  ): Promise<"created" | "exists">;
  /** That very one; one that is gone or was replaced is fine. */
  deleteConfigMap(namespace: string, name: string, uid: string, signal?: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** How a cluster's pods are dialled; `auto`: at their own addresses where those answer, else through the API server. */
export type ReachMode = "auto" | "direct" | "port-forward";
export type WayIn = Exclude<ReachMode, "auto">;

export interface WayOptions {
  /** The session's end: every local end and connection of the way ends with it. */
  signal: AbortSignal;
  log: (message: string, detail: Record<string, unknown>) => void;
}

export interface PodWay {
  /** Null until the first pod was dialled. */
  kind(): WayIn | null;
  /**
   * Where a port of a pod is dialled from here: at the pod, or at a local end of a port-forward to that very pod, which
   * refuses when another has its name. Rejects with AftershockError `cluster_refused` when the account may not forward.
   */
  reach(pod: PodAddress, port: number): Promise<{ host: string; port: number }>;
  /** Whether the way to any pod was down at some time in the last `durationMs`; never of a direct way. */
  brokeWithin(durationMs: number): boolean;
  /** Told when the way to a pod breaks, and when it stands again; at once of what is broken already. Never of a direct way. */
  watch(listener: (change: WayChange) => void): void;
}

/** The way to a pod, not the pod: of that nothing is known meanwhile. */
export interface WayChange {
  stands: boolean;
  /** `namespace/name`. */
  pod: string;
  /** Since when, on the clock of `performance.now()`; it is down since it was last known to stand. */
  atMs: number;
  why: string;
}

export interface ChaosMesh {
  /** Where it was looked for. */
  namespace: string;
  controllers: readonly ChaosMeshPod[];
  /** One on each node on which files or networks of pods can be disturbed. */
  daemons: readonly ChaosMeshPod[];
}

export interface ChaosMeshPod {
  name: string;
  node: string | null;
  ready: boolean;
  /** Another text after a restart: what it knew is gone then. */
  instance: string;
  /** Of Chaos Mesh, as its label says; absent where it says nothing. */
  version?: string;
}

/** The same two lists from which the accounts' rights are made, so that nothing is asked that would be refused. */
export interface ClusterScope {
  /** Namespaces in which runs may be; null: any. */
  namespaces: readonly string[] | null;
  /** Whether a run may cordon nodes, so that cordons are looked for. */
  nodes: boolean;
}

export interface ChaosRef {
  kind: string;
  name: string;
  namespace: string;
}

export interface NodeChange {
  schedulable: boolean;
  annotations: Readonly<Record<string, string | null>>;
  resourceVersion: string;
}

export interface PodRef {
  namespace: string;
  name: string;
  uid: string;
  gracePeriodSeconds: number;
}

export interface ConfigMap {
  uid: string;
  data: Readonly<Record<string, string>>;
}

export interface ExecTarget {
  namespace: string;
  pod: string;
  container?: string;
}

export interface ExecOptions {
  /** Text, or a stream that is read only as fast as the pod takes it. */
  stdin?: string | Readable;
  /** Takes standard output instead of the result, as fast as it can; it is ended when the command ends. */
  stdout?: Writable;
  timeoutMs?: number;
  signal?: AbortSignal;
}

export interface ExecResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}
