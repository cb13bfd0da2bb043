import type { PastRun } from "../../findings/comparison/past-run.ts";
import type { SystemResults } from "../../findings/comparison/trend.ts";

/** What was run here before, and what came of it. Reads only. */
export interface PastService {
  /** The last result of every experiment on every target, by system, the newest first; of all channels. */
  lastResults(filter?: { cluster?: string }): Promise<SystemResults[]>;
  /** Runs of one experiment that are over, newest first, at most `limit`. */
  runs(filter: { experiment: string; cluster?: string }, limit: number): Promise<PastRun[]>;
}
