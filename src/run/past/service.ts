import type { ExperimentHistory } from "../../findings/comparison/history.ts";
import type { RunPair } from "../../findings/comparison/pair.ts";
import type { PastRun } from "../../findings/comparison/past-run.ts";
import type { SystemResults } from "../../findings/comparison/trend.ts";
import type { Actor } from "../service.ts";
import type { PictureOf } from "./picture.ts";

/** An experiment that has runs which ended. */
export interface PastExperiment {
  experiment: string;
  runs: number;
  /** ISO 8601. */
  lastEndedAt: string;
}

/** Which runs of an experiment; `endedBefore` is ISO 8601. */
export interface PastFilter {
  experiment: string;
  cluster?: string;
  endedBefore?: string;
}

/** What was run here before, and what came of it; and pictures of that for a channel. */
export interface PastService {
  /** The last result of every experiment on every target, by system, the newest first; of all channels. */
  lastResults(filter?: { cluster?: string }): Promise<SystemResults[]>;
  /** Runs of one experiment that are over, newest first, at most `limit`. */
  runs(filter: PastFilter, limit: number): Promise<PastRun[]>;
  /** Its newest runs over time, at most `last`, on all clusters or one; null: none has ended. */
  history(filter: PastFilter, last: number): Promise<ExperimentHistory | null>;
  /** Experiments with runs that are over and were judged; the one that ran last is the first. */
  experiments(): Promise<PastExperiment[]>;
  /**
   * Two runs side by side, as typed: `run-12` or `12`. Rejects with AftershockError `unknown_run`, `not_pending` for one that
   * was not judged, and `not_comparable` for runs of different experiments.
   */
  compare(first: string, second: string): Promise<RunPair>;
  /**
   * Notes that a picture shall be drawn and posted in the actor's channel, for everybody there. Resolves to its id. Who
   * may see what ran in all channels is asked before (`OverviewService.admit`). Rejects with AftershockError
   * `not_supported_here` where there is no channel.
   */
  share(actor: Actor, of: PictureOf): Promise<string>;
}
