import { inTransactionOnce, type Database, type Queryable } from "../store/database.ts";
import { appendEvents } from "../store/events.ts";
import { compareAndSetState, noteOutcome } from "../store/runs.ts";
import { AftershockError } from "../errors.ts";
import type { RunEventBody } from "./events.ts";
import type { RunObserver } from "./observer.ts";
import { canMove, type RunOutcome, type RunState } from "./lifecycle.ts";
import type { Registry } from "./systems.ts";

/**
 * The owner's pen: writes events and state changes of one run, in order, each only while the owner's fencing number
 * is the row's. Once a write is refused every later one rejects with AftershockError `lease_lost`. While PostgreSQL is
 * away a write waits for it, for as long as the lease allows; what has to go on meanwhile must not wait for the write.
 * What drivers say may quote a secret of the target: none is written.
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

/** What every event passes on its way: secrets are taken out, and whoever looks on is told once it is stored. */
export interface JournalTools extends Pick<Registry, "hide"> {
  observer?: Pick<RunObserver, "events"> | undefined;
}

export function journalTools(deps: {
  registry: Pick<Registry, "hide">;
  observer?: Pick<RunObserver, "events">;
}): JournalTools {
  return { hide: (value) => deps.registry.hide(value), observer: deps.observer };
}

export function createJournal(
  database: Database,
  owned: { runId: string; fence: number; state: RunState; lost?: AbortSignal },
  { hide, observer }: JournalTools,
): Journal {
  const { runId, fence, lost = new AbortController().signal } = owned;
  let state = owned.state;
  let lastWrite: Promise<void> = Promise.resolve();
  const inOrder = (write: () => Promise<void>): Promise<void> => {
    const next = lastWrite.then(() => orLost(write(), lost));
    // A failed write is reported to its caller; the queue itself goes on.
    lastWrite = next.catch(() => undefined);
    return next;
  };
  const append = async (client: Queryable, events: readonly RunEventBody[]): Promise<void> => {
    if (events.length === 0) return;
    if ((await appendEvents(client, runId, hide(events), fence)) === null) throw leaseLost(runId);
  };
  return {
    state: () => state,
    say: (...events) =>
      inOrder(async () => {
        await inTransactionOnce(database, (client) => append(client, events), lost);
        observer?.events(runId, events);
      }),
    move: (to, options = {}) =>
      inOrder(async () => {
        const from = state;
        if (!canMove(from, to)) throw new Error(`${runId}: ${from} cannot become ${to}`);
        const { reason = null, atMs = null } = options;
        const events: RunEventBody[] = [{ type: "state", from, to, reason, atMs }, ...(options.events ?? [])];
        await inTransactionOnce(
          database,
          async (client) => {
            await append(client, events);
            if (options.outcome !== undefined) {
              await noteOutcome(client, runId, options.outcome, hide(options.reason ?? null));
            }
            await options.also?.(client);
            if (!(await compareAndSetState(client, { runId, from, to, fence }))) throw leaseLost(runId);
          },
          lost,
        );
        state = to;
        observer?.events(runId, events);
      }),
  };
}

/** A server that hangs without a word must not hold a worker that has lost its run. */
function orLost<T>(write: Promise<T>, lost: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = (): void => reject(lost.reason as Error);
    lost.addEventListener("abort", leave, { once: true });
    write.then(resolve, reject).finally(() => lost.removeEventListener("abort", leave));
  });
}

export function leaseLost(runId: string): AftershockError {
  return new AftershockError(
    "lease_lost",
    `This worker no longer owns ${runId}.`,
    "Another worker heals and ends the run; nothing needs to be done.",
  );
}
