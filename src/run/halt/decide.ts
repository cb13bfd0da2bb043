import type { Halt } from "./halt.ts";
import type { Latch } from "./latch.ts";

/** What the keeper sees: the database's halt, and one cluster's own latch. */
export interface Seen {
  /** The halt that holds in the database. */
  open: Halt | null;
  cluster: string;
  latch: Latch | null;
  /** The halt in the database that has the latch's number, lifted or not. */
  known: Halt | null;
}

export type Step =
  | { do: "nothing" }
  /** The cluster's latch becomes the database's halt, and so everybody's. */
  | { do: "adopt"; latch: Latch }
  /** The database's halt is written on the cluster. */
  | { do: "write"; halt: Halt }
  /** The cluster is latched, by the halt or by a latch that stands alone. */
  | { do: "note" }
  /** What was lifted in the database is lifted here, too. */
  | { do: "remove"; latch: Latch }
  /** The halt came from this cluster, and was lifted there. */
  | { do: "lift"; halt: Halt };

/**
 * One latch in two places: the database and every cluster. Each is enough to halt. A halt typed in Slack is lifted only
 * in Slack; one that came from a cluster is lifted where it came from, or in Slack. Pure.
 */
export function decide({ open, cluster, latch, known }: Seen): Step {
  if (latch !== null && known?.resumedAt != null) return { do: "remove", latch };
  if (open === null) return latch === null ? { do: "nothing" } : { do: "adopt", latch };
  if (latch !== null) return { do: "note" };
  return open.fromCluster === cluster ? { do: "lift", halt: open } : { do: "write", halt: open };
}
