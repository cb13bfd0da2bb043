import type { WayChange } from "../port.ts";

/** Whether the way to each pod stands, as connections find out. */
export interface WayHealth {
  /** Something came from the pod's node, or the API server said of the pod that it cannot be had. */
  proof(pod: string): void;
  /** It does not stand. `triedMs`: when that was asked, on the clock of `performance.now()`. True when it stood until then. */
  broken(pod: string, triedMs: number, why: string): boolean;
  isDown(pod: string): boolean;
  /** Whether the way to any pod was down at some time in the last `durationMs`. */
  brokeWithin(durationMs: number): boolean;
  /** Told of every change, and at once of what is down already. */
  watch(listener: (change: WayChange) => void): void;
}

/** A client that got no answer gives up and connects again within this. */
const reconnectsWithinMs = 10_000;

/**
 * What is down is down since it was last proven, not since it was noticed: what happened in between was not seen. A proof
 * from long before, when nobody used that way, says nothing; then it is down since it was tried.
 */
export function createWayHealth(
  log: (message: string, detail: Record<string, unknown>) => void,
  now: () => number = () => performance.now(),
): WayHealth {
  const provenMs = new Map<string, number>();
  const down = new Map<string, WayChange>();
  let lastUpMs = Number.NEGATIVE_INFINITY;
  const listeners: Array<(change: WayChange) => void> = [];
  const tell = (change: WayChange): void => {
    log(change.stands ? "the way to a pod stands again" : "the way to a pod is down", {
      pod: change.pod,
      why: change.why,
    });
    for (const listener of listeners) listener(change);
  };
  return {
    proof: (pod) => {
      const atMs = now();
      provenMs.set(pod, atMs);
      if (!down.delete(pod)) return;
      lastUpMs = atMs;
      tell({ stands: true, pod, atMs, why: "" });
    },
    broken: (pod, triedMs, why) => {
      if (down.has(pod)) return false;
      const proven = provenMs.get(pod) ?? Number.NEGATIVE_INFINITY;
      const atMs = proven > triedMs - reconnectsWithinMs ? proven : triedMs;
      const change: WayChange = { stands: false, pod, atMs, why };
      down.set(pod, change);
      tell(change);
      return true;
    },
    isDown: (pod) => down.has(pod),
    brokeWithin: (durationMs) => down.size > 0 || now() - lastUpMs < durationMs,
    watch: (listener) => {
      listeners.push(listener);
      for (const change of down.values()) listener(change);
    },
  };
}
