/**
 * The lifecycle of a run as a pure state machine. The database applies a step by compare-and-set on `state`; nothing
 * else may change it. `faultPossible` marks the states in which something of ours may be in the cluster.
 */
export const runStates = [
  "requested",
  "approved",
  "preflight",
  "baseline",
  "injecting",
  "active",
  "healing",
  "verifying",
  "judging",
  "completed",
  "aborted",
  "failed",
  "interrupted",
  "denied",
  "expired",
] as const;

export type RunState = (typeof runStates)[number];

/** How a run that started ends. Chosen when healing begins (or when it stops before injection). */
export type RunOutcome = "completed" | "aborted" | "failed" | "interrupted";

const next: Readonly<Record<RunState, readonly RunState[]>> = {
  requested: ["approved", "denied", "expired", "aborted"],
  approved: ["preflight", "aborted", "interrupted", "expired"],
  preflight: ["baseline", "aborted", "failed", "interrupted"],
  // Healing can follow any state of a started run: after a crash, or when leaving early.
  baseline: ["injecting", "healing", "aborted", "failed", "interrupted"],
  injecting: ["active", "healing"],
  active: ["healing"],
  healing: ["verifying"],
  verifying: ["judging"],
  judging: ["completed", "aborted", "failed", "interrupted"],
  completed: [],
  aborted: [],
  failed: [],
  interrupted: [],
  denied: [],
  expired: [],
};

/** True when `to` may follow `from`. */
export function canMove(from: RunState, to: RunState): boolean {
  return next[from].includes(to);
}

/** States that may follow `from`. */
export function successors(from: RunState): readonly RunState[] {
  return next[from];
}

export function isTerminal(state: RunState): boolean {
  return next[state].length === 0;
}

/** States in which a worker owns the run by a lease. Everything in them without a live lease has lost its worker. */
export function isOwned(state: RunState): boolean {
  return !isTerminal(state) && state !== "requested" && state !== "approved";
}

/** States in which a fault may be present in the cluster, so that leaving them needs healing and its proof. */
export function faultPossible(state: RunState): boolean {
  return state === "injecting" || state === "active" || state === "healing" || state === "verifying";
}

/** States that occupy the target: at most one run per target is in one of them (enforced by the database). */
export const occupyingStates: readonly RunState[] = runStates.filter(
  (state) => !isTerminal(state) && state !== "requested",
);
