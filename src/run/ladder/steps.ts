/**
 * Deadlines of the abort ladder (anchors/chaos-platforms.md 3.6). Its first two rungs are always there; what is left out
 * of the others takes the value of `defaultHealDeadlines`, but for `offerMs`: where nobody can be asked, nobody is.
 */
export interface HealDeadlines {
  /** From the first DELETE that was taken until the objects are gone. */
  deleteMs: number;
  /** From dropping the finalizers until the objects are gone. */
  forceMs: number;
  /** In between: how long a person may take to have the target pod restarted. Absent or 0: it is not offered. */
  offerMs?: number;
  /** How long a server that takes no DELETE is asked again before the next rung. */
  reachMs?: number;
  /** Of one call. */
  callMs?: number;
}

/** 30 s as Chaos Mesh's users are told to wait (anchors 3.6); the others are ours. */
export const defaultHealDeadlines = {
  deleteMs: 30_000,
  forceMs: 10_000,
  offerMs: 60_000,
  reachMs: 120_000,
  callMs: 10_000,
} as const satisfies Required<HealDeadlines>;

/** Longest that removing one fault may take by these deadlines, with every call of it taking its longest. */
export function ladderBoundMs(given: HealDeadlines): number {
  const { deleteMs, forceMs, offerMs, reachMs, callMs } = { ...defaultHealDeadlines, offerMs: 0, ...given };
  const rungs = Math.max(deleteMs, reachMs) + Math.max(forceMs, reachMs) + Math.max(offerMs, 0) + deleteMs;
  // Diagnosis reads up to five children, pods and daemons; each rung may end inside its last two calls.
  return rungs + 17 * callMs;
}

export type HealStepName = "delete" | "unreachable" | "gone" | "stuck" | "restart-offered" | "forced" | "gave-up";

/** One rung, as it is stored: the object, when (counted from the ladder's foot), and what was found. */
export interface HealStep {
  type: "heal-step";
  step: HealStepName;
  kind: string;
  namespace: string;
  name: string;
  afterMs: number;
  detail: string;
  /** Pods that a restart would clear; only where that is offered. */
  pods: string[];
}
