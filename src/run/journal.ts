import { inTransaction, type Database, type Queryable } from "../store/database.ts";
import { appendEvents } from "../store/events.ts";
import { compareAndSetState, noteOutcome } from "../store/runs.ts";
import { AftershockError } from "../errors.ts";
import type { RunEventBody } from "./events.ts";
import { canMove, type RunOutcome, type RunState } from "./lifecycle.ts";

/**
 * The owner's pen: writes events and state changes of one run, in order, each only while the owner's fencing number
 * is the row's. Once a write is refused every later one rejects with AftershockError `lease_lost`.
 */
export interface Journal {
  state(): RunState;
  say(...events: RunEventBody[]): Promise<void>;
  /** State change, its event, and what must be stored with it, in one transaction. */
  move(to: RunState, options?: MoveOptions): Promise<void>;
}

export interface MoveOptions {
  reason?: string;
  /** Milliseconds on the recorder's clock, where there is one. */
  atMs?: number;
  /** Noted together with the change; the first note wins. */
  outcome?: RunOutcome;
  /** More events and rows of the same transaction, written after the change. */
  events?: readonly RunEventBody[];
  also?: (client: Queryable) => Promise<void>;
}

export function createJournal(database: Database, owned: { runId: string; fence: number; state: RunState }): Journal {
  const { runId, fence } = owned;
  let state = owned.state;
  let lastWrite: Promise<void> = Promise.resolve();
  const inOrder = (write: () => Promise<void>): Promise<void> => {
    const next = lastWrite.then(write);
    // A failed write is reported to its caller; the queue itself goes on.
    lastWrite = next.catch(() => undefined);
    return next;
  };
  const append = async (client: Queryable, events: readonly RunEventBody[]): Promise<void> => {
    if (events.length === 0) return;
    if ((await appendEvents(client, runId, events, fence)) === null) throw leaseLost(runId);
  };
  return {
    state: () => state,
    say: (...events) => inOrder(() => inTransaction(database, (client) => append(client, events))),
    move: (to, options = {}) =>
      inOrder(async () => {
        const from = state;
        if (!canMove(from, to)) throw new Error(`${runId}: ${from} cannot become ${to}`);
        await inTransaction(database, async (client) => {
          const changed: RunEventBody = {
            type: "state",
            from,
            to,
            reason: options.reason ?? null,
            atMs: options.atMs ?? null,
          };
          await append(client, [changed, ...(options.events ?? [])]);
          if (options.outcome !== undefined) {
            await noteOutcome(client, runId, options.outcome, options.reason ?? null);
          }
          await options.also?.(client);
          if (!(await compareAndSetState(client, { runId, from, to, fence }))) throw leaseLost(runId);
        });
        state = to;
      }),
  };
}

export function leaseLost(runId: string): AftershockError {
  return new AftershockError(
    "lease_lost",
    `This worker no longer owns ${runId}.`,
    "Another worker heals and ends the run; nothing needs to be done.",
  );
}
