import type { Socket } from "node:net";

/**
 * The lab's view of Kubernetes objects and the contract between its API server (`src/lab/api/`) and its controllers
 * (`src/lab/runtime/`, `src/lab/controllers/`, `src/lab/chaos/`). Controllers never see HTTP; the API server starts
 * no process. Both work on one ObjectStore.
 */
export interface LabObject {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    uid: string;
    /** Decimal string, rising with every change of the whole store, as clients are told not to rely on but do. */
    resourceVersion: string;
    generation?: number;
    /** RFC 3339, seconds. */
    creationTimestamp: string;
    deletionTimestamp?: string;
    deletionGracePeriodSeconds?: number;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    finalizers?: string[];
    ownerReferences?: Array<{
      apiVersion: string;
      kind: string;
      name: string;
      uid: string;
      controller?: boolean;
      blockOwnerDeletion?: boolean;
    }>;
    [key: string]: unknown;
  };
  spec?: Record<string, unknown>;
  status?: Record<string, unknown>;
  [key: string]: unknown;
}

/** What a creator gives: server-set metadata is filled in by the store. */
export type NewObject = Omit<LabObject, "metadata"> & {
  metadata: Partial<LabObject["metadata"]> & { name: string };
};

export interface ObjectKey {
  kind: string;
  /** Absent for cluster-scoped kinds. */
  namespace?: string;
  name: string;
}

export type ChangeType = "ADDED" | "MODIFIED" | "DELETED";

export interface Change {
  type: ChangeType;
  object: LabObject;
  /** The object as it was before a MODIFIED or DELETED change; a filtered watch needs it to see objects leave. */
  previous?: LabObject;
  /** Numeric form of the object's resourceVersion at this change. */
  revision: number;
}

/**
 * In-memory, synchronous, single-process. Objects handed out are deeply frozen or copies: nobody can change the store
 * by changing what they were given. Deletion follows Kubernetes: with finalizers (or `graceful: true`) left, delete
 * only sets deletionTimestamp; the object goes when the last finalizer is removed (or `remove` is called).
 * Dependents with an ownerReference to a removed object are deleted too.
 */
export interface ObjectStore {
  /** Throws StoreError `AlreadyExists`. */
  create(object: NewObject): LabObject;
  get(key: ObjectKey): LabObject | undefined;
  list(kind: string, namespace?: string): LabObject[];
  /**
   * Replaces the object by what `change` returns from a mutable copy (returning nothing means: mutated in place).
   * No difference means no new revision. Throws StoreError `NotFound`; with `resourceVersion` given and stale, `Conflict`.
   */
  update(
    key: ObjectKey,
    change: (copy: LabObject) => LabObject | undefined | void,
    options?: { resourceVersion?: string },
  ): LabObject;
  /** Marks for deletion or removes, as above. `graceful` keeps the object until `remove`. */
  delete(key: ObjectKey, options?: { graceful?: boolean; gracePeriodSeconds?: number }): LabObject;
  /** Takes it away whatever finalizers say. */
  remove(key: ObjectKey): void;
  /** Current revision of the store. */
  revision(): number;
  /**
   * Calls back for every later change of a kind (`*`: all kinds), in order, asynchronously (setImmediate), never
   * re-entrantly. With `sinceRevision`, earlier changes from the store's log (at least the last 5,000) come first;
   * throws StoreError `Expired` when they are gone. Returns the way to stop.
   */
  watch(kind: string, listener: (change: Change) => void, options?: { sinceRevision?: number }): () => void;
}

export type StoreErrorReason = "AlreadyExists" | "NotFound" | "Conflict" | "Expired" | "Invalid" | "Forbidden";

export class StoreError extends Error {
  readonly reason: StoreErrorReason;
  constructor(reason: StoreErrorReason, message: string) {
    super(message);
    this.name = "StoreError";
    this.reason = reason;
  }
}

/** How the API server reaches into pods; implemented by the runtime. */
export interface PodRuntime {
  /** Starts a command in a running container's namespaces. Throws StoreError `NotFound` / `Invalid` (not running). */
  exec(request: ExecRequest): Promise<ExecProcess>;
  /** Connects to a port on a running pod's own loopback. Rejects with what was in the way, worded as containerd does. */
  dial(request: DialRequest): Promise<Socket>;
  /** Last lines of a container's output; follows when asked, until `signal` aborts. */
  logs(request: LogRequest): AsyncIterable<Buffer>;
}

export interface ExecRequest {
  namespace: string;
  pod: string;
  /** Absent: the first container. */
  container?: string;
  command: string[];
  stdin: boolean;
  tty: boolean;
}

export interface DialRequest {
  namespace: string;
  pod: string;
  port: number;
}

export interface ExecProcess {
  stdin: NodeJS.WritableStream | null;
  stdout: NodeJS.ReadableStream;
  /** Null with a tty. */
  stderr: NodeJS.ReadableStream | null;
  /** Resolves with the exit code once output is drained; a signal gives 128 + its number. */
  exited: Promise<number>;
  resize(columns: number, rows: number): void;
  kill(): void;
}

export interface LogRequest {
  namespace: string;
  pod: string;
  container?: string;
  tailLines?: number;
  follow: boolean;
  signal: AbortSignal;
}
