import type { Cluster } from "../../cluster/port.ts";
import type { Halt } from "./halt.ts";

/**
 * The latch on a cluster: a ConfigMap whose presence says that nothing may be injected there. It needs nothing but a
 * kubeconfig to be set, and every worker looks at it, whichever database it has.
 */
export const latchNamespace = "aftershock";
export const latchName = "halt";

/** What the ConfigMap says. */
export interface Latch {
  /** A number of its own (UUID), the same in the database that knows of it. */
  latch: string;
  by: string;
  reason: string | null;
  /** ISO 8601. */
  since: string;
  /** `slack`: a bot's database holds it, and sets it again until it is resumed there. `command-line`: it stands alone. */
  origin: "slack" | "command-line";
  /** What to type to lift it. */
  resume: string;
  /** The ConfigMap's own uid, so that no other one is ever deleted. */
  uid: string;
}

/** The latch of a cluster, or null. Rejects with AftershockError when it cannot be read: not knowing is not "no". */
export async function readLatch(cluster: Cluster, signal?: AbortSignal): Promise<Latch | null> {
  const found = await cluster.getConfigMap(latchNamespace, latchName, signal);
  if (found === null) return null;
  const { latch = "", by = "somebody", reason = "", since = "unknown", origin, resume } = found.data;
  return {
    // One made by hand (`kubectl create configmap halt -n aftershock`) stops just as well; its uid is its number.
    latch: /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/.test(latch) ? latch : found.uid,
    by,
    reason: reason === "" ? null : reason,
    since,
    origin: origin === "slack" ? "slack" : "command-line",
    resume: resume ?? "aftershock resume",
    uid: found.uid,
  };
}

/** Sets it; `exists` when there is one already, whosever it is. */
export function writeLatch(
  cluster: Cluster,
  latch: Omit<Latch, "uid">,
  signal?: AbortSignal,
): Promise<"created" | "exists"> {
  const { reason, ...rest } = latch;
  const data = { ...rest, reason: reason ?? "" };
  return cluster.createConfigMap(latchNamespace, latchName, data, signal);
}

export function deleteLatch(cluster: Cluster, latch: Pick<Latch, "uid">, signal?: AbortSignal): Promise<void> {
  return cluster.deleteConfigMap(latchNamespace, latchName, latch.uid, signal);
}

/** What the database's halt writes on the clusters. */
export function latchOf(halt: Halt): Omit<Latch, "uid"> {
  const { latch, by, reason, at: since, fromCluster } = halt;
  const there = fromCluster === null ? "" : `, or aftershock resume on the cluster ${fromCluster}`;
  return { latch, by, reason, since, origin: "slack", resume: `/chaos resume${there}` };
}
