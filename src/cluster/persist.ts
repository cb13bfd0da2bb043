import { setTimeout as sleep } from "node:timers/promises";
import { isAftershockError } from "../errors.ts";
import { apiProblem, type ApiProblem } from "./api-errors.ts";
import { joinSignals } from "../join-signals.ts";

/** One try of a call. */
export interface Try {
  /** Ends this try: its own deadline, or the caller's signal. */
  signal: AbortSignal;
  /** An earlier try may have been applied: its answer was lost, or did not say. */
  unsure: boolean;
}

export interface Patience {
  /** From the first try until the last is given up. */
  totalMs: number;
  /** A try without an answer after this long is given up, and made again while there is time. */
  tryMs: number;
  /** Ends everything at once. */
  signal?: AbortSignal;
  /** Also tried again for these statuses, e.g. 409 where it means that somebody else was a little faster. */
  alsoAgain?: readonly number[];
}

const firstWaitMs = 100;
const longestWaitMs = 1000;
/** A try that could not last so long is not begun. */
const shortestTryMs = 250;

/** What a server says when it (or something before it) could not do its work just now; all of them may be applied but 429. */
const passing: ReadonlySet<number> = new Set([429, 500, 502, 503, 504]);

/**
 * Makes a call until it is answered or its time is over, and rejects with what the last try met. Only for what may be
 * done twice: reads, deletes, patches of a known version, and creates that look for their object first. A server that
 * names a time to wait (Retry-After) is given it, if it fits into the time. Why not rely on a deadline alone: one lost
 * answer would end a run, and one while healing would leave a fault.
 */
export async function persist<T>(work: (attempt: Try) => Promise<T>, patience: Patience): Promise<T> {
  const { totalMs, tryMs, signal } = patience;
  const end = performance.now() + totalMs;
  const over = (): boolean => signal?.aborted ?? false;
  let unsure = false;
  for (let tries = 0; ; tries += 1) {
    const limit = AbortSignal.timeout(Math.max(1, Math.round(Math.min(tryMs, end - performance.now()))));
    try {
      return await work({ signal: signal === undefined ? limit : joinSignals(signal, limit), unsure });
    } catch (error) {
      const problem = apiProblem(error);
      if (over() || !worthAnother(error, problem, patience)) throw error;
      unsure ||= problem.status !== 429;
      const waitMs = Math.max(problem.retryAfterMs ?? 0, Math.min(firstWaitMs * 2 ** tries, longestWaitMs));
      if (performance.now() + waitMs + shortestTryMs > end) throw error;
      // The caller's own reason is what it gets when it aborts meanwhile.
      await sleep(waitMs, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
      if (over()) throw error;
    }
  }
}

/** Something that was decided (AftershockError) stays decided. */
function worthAnother(error: unknown, { status }: ApiProblem, { alsoAgain = [] }: Patience): boolean {
  if (isAftershockError(error)) return false;
  return status === null || passing.has(status) || alsoAgain.includes(status);
}
