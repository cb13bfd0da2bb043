import { parseDurationMs } from "../../src/experiment/duration.ts";
import { defaultHealDeadlines } from "../../src/run/heal.ts";
import { openTransactionMs } from "../../src/store/database.ts";

/** What the suite's worker is configured with; short, since every killed worker costs a lease. */
export const lease = "4s";
export const leaseMs = parseDurationMs(lease);
export const reconcileEveryMs = 1000;

/**
 * Within how long a fault is gone, in milliseconds, counted from the moment when what had failed is back: a worker that
 * runs, and a database and a cluster that answer it. The sum of what the product promises, each at its worst:
 *
 * - the dead worker's lease runs out, at most one lease after its last renewal, and PostgreSQL ends a transaction that it
 *   left open (`openTransactionMs`), whichever is later;
 * - the next look of the reconciler: one period, and another one if that look was under way just then;
 * - the abort ladder on a cluster that answers: deleting with its deadline, then dropping finalizers with its own
 *   (`defaultHealDeadlines`; a server that does not answer, and the offer to restart a target, have deadlines on top).
 *
 * While nothing of ours runs, the other bound holds: the fault's own `duration`, which is the run's plus the dead man's
 * margin (`deadManMarginMs` of src/run/fault-manifest.ts). A case counts from the end of the outage all the same.
 */
export const healingBoundMs =
  Math.max(leaseMs, openTransactionMs) +
  2 * reconcileEveryMs +
  defaultHealDeadlines.deleteMs +
  defaultHealDeadlines.forceMs;
