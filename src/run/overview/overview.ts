import type { Schedule } from "../schedules/schedule.ts";
import type { RunRow } from "../service.ts";

/**
 * What a request is to one person: `decide`: they may approve it now; `asked`: it is their own; `approved`: they have
 * approved it, and somebody else must, too; `watch`: others decide.
 */
export type Role = "decide" | "asked" | "approved" | "watch";

/** A run or schedule that waits for approval, as one person sees it. */
export interface Waiting {
  what: { kind: "run"; run: RunRow } | { kind: "schedule"; schedule: Schedule };
  role: Role;
  /** Why they may not approve it now; null where they may. A sentence. */
  why: string | null;
}

/** What there is for one person to see now, of the whole workspace. */
export interface Overview {
  /** PostgreSQL's clock, ISO 8601. */
  at: string;
  /** Those of the channel asked about first, then by when they expire; at most `mostShown` of each kind. */
  waiting: Waiting[];
  /** Approved or started, and not ended; those of the channel first, then the newest. */
  running: RunRow[];
  /** Runs that this person asked for or approved, and that have not started: what they can take back. */
  takeBack: RunRow[];
  /** How many of each there are, shown or not. */
  counts: { waiting: number; running: number };
  mayHalt: Permission;
  mayResume: Permission;
}

/** Null: allowed. Otherwise the sentence that says why not. */
export type Permission = string | null;
