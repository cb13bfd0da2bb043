import type { Verdicts } from "../../findings/report.ts";
import type { RunState } from "../../run/lifecycle.ts";

/** How a pipeline's run came out: what its exit code is made of. */
export interface RunOutcome {
  state: RunState;
  /** Null: it was never judged. */
  verdicts: Verdicts | null;
}

/** What `--allow` may name: ends that shall not fail the pipeline. */
export const allowable = ["refuted", "inconclusive"] as const;
export type Allowable = (typeof allowable)[number];

/** Exit codes by verdict; the usage lists them, and 2, which every command has for wrong usage. */
export const exitCodes = {
  held: 0,
  failed: 1,
  refuted: 3,
  inconclusive: 4,
  notCompleted: 5,
  unverified: 6,
  notAllowed: 7,
  stopped: 130,
} as const;

/**
 * The exit code: a fault that may remain outweighs everything, a run that did not complete says nothing about its
 * hypothesis. Of a run that ended before anything was injected no cleanup is owed.
 */
export function exitCodeOf({ state, verdicts }: RunOutcome, allowed: readonly Allowable[]): number {
  if (verdicts?.cleanup === "unverified") return exitCodes.unverified;
  if (state === "denied" || state === "expired") return exitCodes.notAllowed;
  if (state !== "completed" || verdicts === null) return exitCodes.notCompleted;
  if (verdicts.hypothesis === "held") return exitCodes.held;
  return allowed.includes(verdicts.hypothesis) ? exitCodes.held : exitCodes[verdicts.hypothesis];
}
