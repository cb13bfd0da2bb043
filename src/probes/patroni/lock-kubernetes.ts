import { isAftershockError, messageOf } from "../../errors.ts";
import { wholeNumber } from "../figure.ts";
import type { SystemContext } from "../system.ts";
import type { LeaderLock } from "./lock.ts";
import type { LockObject } from "./lock-object.ts";

/** Annotations that make up the leader's record; a change of any other (`optime`, `slots`) renews nothing. */
const recordKeys = ["leader", "acquireTime", "ttl", "renewTime", "transitions"] as const;
/** What Patroni takes when the record has no ttl (Patroni documentation, dynamic configuration). */
const defaultTtlSeconds = 30;

/**
 * The lock as Patroni keeps it in annotations of an object of the Kubernetes API, judged as Patroni's members judge it
 * (patroni v4.1.4, patroni/dcs/kubernetes.py, _cluster_from_nodes; the same in 3.0.2): a record that is gone leaves its
 * annotations behind, so a holder counts as gone when its record has not changed for longer than its own `ttl`, by the
 * clock of whoever looks, from when it was first seen so. `renewTime` is of the holder's clock and only compared. Seen for
 * the first time, a record is in force, however old. A leader that ends in order takes its name out (delete_leader). Members
 * look in step with the leader's renewals, so that an expired lock is often taken before anybody else sees it free: who
 * finds another holder knows that it was, at the latest just now, since nobody takes a record that is in force.
 * `now` is a monotonic clock in milliseconds.
 */
export function kubernetesLock(
  { annotationsOf }: Pick<SystemContext, "annotationsOf">,
  { kind, name }: LockObject,
  now: () => number = () => performance.now(),
): LeaderLock {
  let seen: { record: string; holder: string; endsMs: number } | undefined;
  const object = `${kind} ${name}`;
  return {
    source: "kubernetes",
    object,
    read: async (timeoutMs) => {
      if (annotationsOf === undefined) {
        return { holder: undefined, nowhere: true, why: "the lock is not read: there is no Kubernetes API here" };
      }
      try {
        const annotations = await annotationsOf(kind, name, timeoutMs);
        const free = (because: string) => ({ holder: null, driver: "kubernetes", because }) as const;
        if (annotations === null) return free(`there is no ${object}`);
        const record = JSON.stringify(recordKeys.map((key) => annotations[key] ?? null));
        const holder = annotations["leader"] ?? "";
        const ttlSeconds = wholeNumber(annotations["ttl"]) || defaultTtlSeconds;
        const atMs = now();
        const former = seen;
        if (former?.record !== record) seen = { record, holder, endsMs: atMs + ttlSeconds * 1000 };
        if (holder === "") return free(`${object} names no leader`);
        if (seen !== undefined && atMs > seen.endsMs) {
          return free(`${holder} has not renewed it for its ttl of ${ttlSeconds} s`);
        }
        const wasHeld = former !== undefined && former.holder !== "" && former.holder !== holder;
        return {
          holder,
          driver: "kubernetes",
          ...(wasHeld ? { freeForMs: Math.max(0, atMs - former.endsMs) } : {}),
        };
      } catch (error) {
        const why = `the lock could not be read: ${messageOf(error)}`;
        return { holder: undefined, nowhere: false, why, ...hintOf(error) };
      }
    },
  };
}

/** A right that no target asks for is not printed, however often the command is typed. */
function hintOf(error: unknown): { hint?: string } {
  if (!isAftershockError(error)) return {};
  const printed = "The right is printed where a target's parameters have lock: endpoints or configmap. ";
  return { hint: `${error.code === "cluster_refused" ? printed : ""}${error.hint}` };
}
