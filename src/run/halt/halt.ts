import type { RunState } from "../lifecycle.ts";

/** Everything stopped at once, until somebody entitled lets runs start again. Times are ISO 8601. */
export interface Halt {
  id: string;
  /** The same number in the clusters' ConfigMaps. */
  latch: string;
  /** A Slack user id, or who it was at a command line, e.g. `joe@laptop`. */
  by: string;
  reason: string | null;
  /** Where it was typed; null when it came from a cluster. */
  channelId: string | null;
  /** The cluster whose ConfigMap it was read from; null when it was typed in Slack. */
  fromCluster: string | null;
  at: string;
  /** When it was seen that every run it stopped is healed; null until then. */
  settledAt: string | null;
  resumedBy: string | null;
  resumeReason: string | null;
  resumedAt: string | null;
}

/** How one cluster's ConfigMap stands to a halt, as it was last seen. */
export interface HaltCluster {
  cluster: string;
  state: "latched" | "lifted" | "unreachable";
  problem: string | null;
}

/** What became of one run that a halt stopped. */
export interface HaltedRun {
  run: string;
  /** Where it was when it was stopped. */
  was: RunState;
  /** From the halt until its last fault was removed; null when it had none in place. Milliseconds, the database's clock. */
  goneAfterMs: number | null;
  /** False: something of its healing could not be proven. */
  proven: boolean;
}

/** What happens with a halt, one append-only row each; the message in the channel is made from these. */
export type HaltEventBody =
  | { type: "halted"; by: string; reason: string | null; fromCluster: string | null }
  | { type: "run-stopped"; run: string; was: RunState }
  | ({ type: "cluster" } & HaltCluster)
  /** Every run is healed or was not started; written once. */
  | { type: "settled"; runs: HaltedRun[] }
  | { type: "resumed"; by: string; reason: string | null };

/** A stored event; `seq` counts from 1 in its halt. */
export type HaltEvent = HaltEventBody & { halt: string; seq: number; at: string };

/** Who it was, for a sentence: a mention for a Slack user, plain text otherwise. */
export function whoText(by: string): string {
  return /^[UW][A-Z0-9]+$/.test(by) ? `<@${by}>` : by;
}

/** `<@U1> (disk full on pg-0)`, for sentences about a halt. */
export function haltedByText(halt: Pick<Halt, "by" | "reason">): string {
  return `${whoText(halt.by)}${halt.reason === null ? "" : ` (${halt.reason})`}`;
}
