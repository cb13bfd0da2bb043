import type { PastRun } from "../../findings/comparison/past-run.ts";
import type { SystemResults } from "../../findings/comparison/trend.ts";
import type { Report } from "../../findings/report.ts";
import type { Actor } from "../service.ts";
import type { PictureOf } from "./picture.ts";

/** An experiment that has runs which ended. */
export interface PastExperiment {
  experiment: string;
  runs: number;
  /** ISO 8601. */
  lastEndedAt: string;
}

/** What was run here before, and what came of it; and pictures of that for a channel. */
export interface PastService {
  /** The last result of every experiment on every target, by system, the newest first; of all channels. */
  lastResults(filter?: { cluster?: string }): Promise<SystemResults[]>;
  /** Runs of one experiment that are over, newest first, at most `limit`. */
  runs(filter: { experiment: string; cluster?: string; endedBefore?: string }, limit: number): Promise<PastRun[]>;
  /** Experiments with runs that are over and were judged; the one that ran last is the first. */
  experiments(): Promise<PastExperiment[]>;
  /** The report of a run; null: it has none, or one of another version. */
  report(runId: string): Promise<Report | null>;
  /**
   * Notes that a picture shall be drawn and posted in the actor's channel, for everybody there. Resolves to its id. Rejects
   * with AftershockError `not_allowed`, or `not_supported_here` where there is no channel.
   */
  share(actor: Actor, of: PictureOf): Promise<string>;
}
