/**
 * How Patroni talks to its etcd. `clean` is the driver `etcd3` where that is sound, and the older `etcd` elsewhere:
 * before 3.0.3 Patroni's `etcd3` has a bug by which, after a healed partition, the old primary takes the lock back
 * (anchors/consistency-and-failover.md 0.2). `etcd3` is that driver whatever the version, to find the bug with.
 */
export type PatroniDcs = "clean" | "etcd3";

/** Throws with the choices. */
export function parsePatroniDcs(text: string): PatroniDcs {
  if (text === "clean" || text === "etcd3") return text;
  throw new Error(`--patroni-dcs ${text}: it must be clean or etcd3`);
}
