import type { Ran } from "../support/kubectl.ts";

/** A Kubernetes object as JSON. */
export interface Thing {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    uid?: string;
    creationTimestamp?: string;
    deletionTimestamp?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    finalizers?: string[] | null;
  };
  spec?: Record<string, unknown>;
  status?: Record<string, unknown>;
}

export interface Ref {
  kind: string;
  namespace: string;
  name: string;
}

export interface Change {
  type: string;
  object: Thing;
}

export interface Forward {
  host: string;
  port: number;
  stop(): Promise<void>;
}

/** The server said no. `message` is its own. */
export class Refused extends Error {
  readonly isNotFound: boolean;
  constructor(message: string, isNotFound: boolean) {
    super(message);
    this.name = "Refused";
    this.isNotFound = isNotFound;
  }
}

/**
 * What the cases need of a client of Kubernetes; each case is written once and driven through every one of them. Rejects
 * with `Refused` where the server refused.
 */
export interface Client {
  readonly name: string;
  /** Its version, as it says it. */
  version(): Promise<string>;
  /** `strict`: unknown fields are refused; `ignore`: the server drops them. */
  create(object: Thing, validation?: "strict" | "ignore"): Promise<Thing>;
  /** Null when there is none. */
  get(ref: Ref): Promise<Thing | null>;
  list(kind: string, namespace: string): Promise<Thing[]>;
  /** Asks for the deletion and does not wait for it. Rejects with a `Refused` that is not found for what is not there. */
  remove(ref: Ref): Promise<void>;
  mergePatch(ref: Ref, patch: object): Promise<Thing>;
  /** Every change of one kind in a namespace from now on, what is there included. */
  watch(kind: string, namespace: string, onChange: (change: Change) => void): Promise<() => Promise<void>>;
  exec(namespace: string, pod: string, container: string, command: readonly string[]): Promise<Ran>;
  /** A local end of a way to a pod's port, until `stop`. Rejects with NotOffered where the cluster does not speak its way. */
  forward(namespace: string, pod: string, port: number): Promise<Forward>;
}

/** Groups and plurals of the kinds that the suite uses. */
const kinds: Readonly<Record<string, { apiVersion: string; plural: string }>> = {
  Namespace: { apiVersion: "v1", plural: "namespaces" },
  Pod: { apiVersion: "v1", plural: "pods" },
  Event: { apiVersion: "v1", plural: "events" },
  StatefulSet: { apiVersion: "apps/v1", plural: "statefulsets" },
};

export function kindOf(kind: string): { apiVersion: string; plural: string } {
  return kinds[kind] ?? { apiVersion: "chaos-mesh.org/v1alpha1", plural: kind.toLowerCase() };
}
