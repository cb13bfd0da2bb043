/**
 * Where pods run and where their volumes are, as the cluster's API says it. What an adapter of rescheduling sees of the
 * cluster; `src/cluster/placement.ts` reads it.
 */

/** Annotation of a node that a run cordoned: the run's id. */
export const cordonedBy = "aftershock.dev/run";
/** Until when that run holds it at the latest, RFC 3339. */
export const cordonedUntil = "aftershock.dev/cordoned-until";

/** A pod on its way to run, or running. */
export interface PodPlacement {
  name: string;
  namespace: string;
  uid: string;
  labels: Readonly<Record<string, string>>;
  /** `Pending`, `Running`, … */
  phase: string;
  /** Null until the scheduler has given it one. */
  node: string | null;
  /** The scheduler's own words when the pod fits nowhere; null otherwise. */
  unschedulable: string | null;
  /** It has a deletionTimestamp. */
  deleting: boolean;
  /** Every container runs. */
  started: boolean;
  ready: boolean;
  /** Of the first container; null until it started. */
  containerId: string | null;
  terminationGracePeriodSeconds: number | null;
  tolerations: readonly Toleration[];
  nodeSelector: Readonly<Record<string, string>>;
  /** Required anti-affinity: it may not share a topology domain with pods that match. */
  antiAffinity: ReadonlyArray<{ topologyKey: string; matchLabels: Readonly<Record<string, string>> }>;
  /** Rules of placement that nobody here reads (node affinity, pod affinity, match expressions, spread constraints). */
  otherRules: readonly string[];
  requests: { cpuMilli: number; memoryBytes: number };
  /** Kind and name of its controller, e.g. `StatefulSet/postgresql`; null without one. */
  owner: string | null;
}

export interface Toleration {
  key: string | null;
  operator: string;
  value: string | null;
  effect: string | null;
  /** How long a NoExecute taint is tolerated; null: for ever. */
  tolerationSeconds: number | null;
}

export interface NodeView {
  name: string;
  resourceVersion: string;
  ready: boolean;
  /** As its kubelet reports it, in Go's words: `amd64`, `arm64`, …; absent when the node does not say. */
  architecture?: string;
  /** Cordoned, by whomever. */
  unschedulable: boolean;
  labels: Readonly<Record<string, string>>;
  annotations: Readonly<Record<string, string>>;
  taints: ReadonlyArray<{ key: string; value: string | null; effect: string }>;
  /** What pods may request in all, and how many there may be. */
  allocatable: { cpuMilli: number; memoryBytes: number; pods: number };
}

/** A PersistentVolume that a pod's claim is bound to. */
export interface VolumeView {
  claim: string;
  name: string;
  uid: string;
  /** `csi`, `local`, `hostPath`, `nfs`, …; what the volume really is. */
  source: string;
  /** The storage's own id of the volume; null where there is none. */
  handle: string | null;
  storageClass: string | null;
  accessModes: readonly string[];
  /** The required node affinity as text, e.g. `kubernetes.io/hostname In [node-1]`; null without one. */
  nodeAffinity: string | null;
  /** Whether a node with these labels may use it. */
  fits(labels: Readonly<Record<string, string>>): boolean;
}

/** A VolumeAttachment: a volume that is, is being, or is no longer to be attached to a node. */
export interface AttachmentView {
  name: string;
  volume: string;
  node: string;
  attached: boolean;
  /** It has a deletionTimestamp: the storage is detaching it. */
  detaching: boolean;
}

/** What an adapter may ask about placement. Rejects with AftershockError when the cluster does not answer. */
export interface Placement {
  /** Pods of one namespace, also those without an address; without one, of all. */
  pods(namespace?: string): Promise<PodPlacement[]>;
  /** One pod; null when there is none of that name. */
  pod(namespace: string, name: string): Promise<PodPlacement | null>;
  nodes(): Promise<NodeView[]>;
  /** One node; null when there is none of that name. */
  node(name: string): Promise<NodeView | null>;
  volumesOf(namespace: string, pod: string): Promise<VolumeView[]>;
  attachments(): Promise<AttachmentView[]>;
  /** `podManagementPolicy`, replicas and so on of the pod's StatefulSet, as settings; empty without one. */
  statefulSet(namespace: string, name: string): Promise<Readonly<Record<string, string>>>;
  /** Names of PodDisruptionBudgets whose selector matches the labels, with what they allow now. */
  budgets(
    namespace: string,
    labels: Readonly<Record<string, string>>,
  ): Promise<ReadonlyArray<{ name: string; allowed: number }>>;
}
