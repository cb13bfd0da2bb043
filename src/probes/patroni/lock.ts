import type { SystemContext } from "../system.ts";
import { etcdLock } from "./lock-etcd.ts";
import { kubernetesLock } from "./lock-kubernetes.ts";
import { lockObjectOf } from "./lock-object.ts";
import type { PatroniPods } from "./members.ts";

/** Which of Patroni's drivers keeps the lock: `etcd3` uses etcd's present keys, `etcd` those of its API v2. */
export type LockDriver = "etcd" | "etcd3" | "kubernetes";

export type LockReading =
  /** `freeForMs`: it changed hands since the last look, and so long ago it was free; only told once. */
  | { holder: string; driver: LockDriver; freeForMs?: number }
  /** Nobody holds it. Where a driver is known by what it has written, it is not known then. `because`: how that is seen. */
  | { holder: null; driver: LockDriver | null; because?: string }
  /** Not known. `nowhere`: there is nothing that could be asked. */
  | { holder: undefined; nowhere: boolean; why: string; hint?: string };

/** Patroni's leader lock, wherever it is. One for each session: what it has seen before decides whether a holder is gone. */
export interface LeaderLock {
  /** Source of the events that tell its holder. */
  readonly source: "etcd" | "kubernetes";
  /** The object that holds it, for people: `Endpoints postgresql`; null: a key of etcd. */
  readonly object: string | null;
  /** Looks once. Never rejects. */
  read(timeoutMs: number): Promise<LockReading>;
}

/** The lock of the run's target, by the parameter `lock`; one that is `nowhere` for CloudNativePG. */
export function leaderLock(context: SystemContext, members: PatroniPods): LeaderLock {
  // CloudNativePG has none: its operator decides, and no etcd is looked for.
  const object = members.manager.name === "patroni" ? lockObjectOf(context.parameters) : null;
  return object === null ? etcdLock(members) : kubernetesLock(context, object);
}
