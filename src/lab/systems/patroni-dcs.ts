/**
 * Where Patroni keeps its lock, and how it talks to it. `clean` is the driver `etcd3` where that is sound, and the older
 * `etcd` elsewhere:
 * before 3.0.3 Patroni's `etcd3` has a bug by which, after a healed partition, the old primary takes the lock back
 * (anchors/consistency-and-failover.md 0.2). `etcd3` is that driver whatever the version, to find the bug with. `endpoints`
 * and `configmap`: no etcd, but objects of that kind in the lab's own Kubernetes API, as operators have it.
 */
export const patroniDcs = ["clean", "etcd3", "endpoints", "configmap"] as const;
export type PatroniDcs = (typeof patroniDcs)[number];

/** Throws with the choices. */
export function parsePatroniDcs(text: string): PatroniDcs {
  const known = patroniDcs.find((one) => one === text);
  if (known !== undefined) return known;
  throw new Error(`--patroni-dcs ${text}: it must be one of ${patroniDcs.join(", ")}`);
}
