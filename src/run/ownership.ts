import { isAftershockError } from "../errors.ts";
import { findRun } from "../store/runs.ts";
import type { Database } from "../store/database.ts";
import { openHalt } from "../store/halts.ts";
import { longestLeaseMs, renewLease, takeLease } from "../store/leases.ts";
import type { RunState } from "./lifecycle.ts";
import type { Held } from "./halt/gate.ts";
import { haltedByText } from "./halt/halt.ts";
import { leaseLost } from "./journal.ts";

/** Why a run must stop early. */
export interface StopWish {
  kind: "abort" | "halt" | "shutdown" | "stop-condition";
  by: string;
  reason: string;
}

export interface Ownership {
  runId: string;
  fence: number;
  state: RunState;
  /** Aborted when the lease is lost: stop, and touch nothing any more. */
  lost: AbortSignal;
  /** Aborted (with a StopWish as reason) when the run shall stop and heal. */
  stop: AbortSignal;
  requestStop(wish: StopWish): void;
  /**
   * Throws AftershockError `lease_lost` unless the lease holds by this process' clock, now. For just before something is
   * done to a target: a process that was stopped for a while goes on before its timers have told it.
   */
  requireHeld(): void;
  /** Renews the lease and reads whether it shall stop, at once: the owner was told that something changed. */
  look(): void;
  /** Aborted when it is released. */
  released: AbortSignal;
  release(): void;
}

export interface LeaseSettings {
  /** Identifies the worker in the lease and in the audit trail. */
  owner: string;
  leaseMs: number;
  onError: (error: unknown) => void;
}

/** The wish of a halt: in the reason is why, in `by` who. */
export function haltWish(held: Held): StopWish {
  return { kind: "halt", by: held.by, reason: haltedByText(held) };
}

/**
 * Takes the lease of a run in one of `states` and keeps it by renewing three times per period (and at least once a
 * second, which is also how an abort reaches the owner). The lease counts as lost as soon as it may have run out in
 * the database: a worker that cannot reach the database stops by its own clock. Null: somebody else owns the run.
 */
export async function takeOwnership(
  database: Database,
  runId: string,
  states: readonly RunState[],
  settings: LeaseSettings,
): Promise<Ownership | null> {
  const takenAt = performance.now();
  const lease = await takeLease(database, { runId, owner: settings.owner, states, leaseMs: settings.leaseMs });
  if (lease === null) return null;
  const lost = new AbortController();
  const stop = new AbortController();
  const released = new AbortController();
  const leaseMs = Math.min(settings.leaseMs, longestLeaseMs);
  let validUntil = takenAt + leaseMs;

  const renew = async (): Promise<void> => {
    const askedAt = performance.now();
    if (askedAt >= validUntil) return lost.abort(leaseLost(runId));
    try {
      if (!(await renewLease(database, { runId, fence: lease.fence, leaseMs: settings.leaseMs }))) {
        return lost.abort(leaseLost(runId));
      }
      validUntil = askedAt + leaseMs;
      const halt = await openHalt(database);
      if (halt !== null && !stop.signal.aborted) stop.abort(haltWish(halt));
      const run = await findRun(database, runId);
      if (run?.abortRequestedBy != null && !stop.signal.aborted) {
        stop.abort({ kind: "abort", by: run.abortRequestedBy, reason: "asked to stop" } satisfies StopWish);
      }
    } catch (error) {
      settings.onError(error);
    }
  };
  const timer = setInterval(() => void renew(), Math.min(settings.leaseMs / 3, 1000));
  const watchdog = setInterval(() => {
    if (performance.now() >= validUntil) lost.abort(leaseLost(runId));
  }, 250);
  lost.signal.addEventListener("abort", () => {
    clearInterval(timer);
    clearInterval(watchdog);
  });
  return {
    runId,
    fence: lease.fence,
    state: lease.state,
    lost: lost.signal,
    stop: stop.signal,
    requestStop: (wish) => {
      if (!stop.signal.aborted) stop.abort(wish);
    },
    requireHeld: () => {
      if (performance.now() >= validUntil) lost.abort(leaseLost(runId));
      lost.signal.throwIfAborted();
    },
    look: () => void renew(),
    released: released.signal,
    release: () => {
      released.abort();
      clearInterval(timer);
      clearInterval(watchdog);
    },
  };
}

/** Whether something failed because the run is another worker's now: the database may have said it before the clock did. */
export function isLeaseLost(error: unknown, { lost }: Pick<Ownership, "lost">): boolean {
  return lost.aborted || (isAftershockError(error) && error.code === "lease_lost");
}
