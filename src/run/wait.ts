import { setTimeout as sleep } from "node:timers/promises";
import { joinSignals } from "../join-signals.ts";

/** Waits; ends early (resolving) when any signal aborts. */
export async function pause(durationMs: number, ...signals: readonly AbortSignal[]): Promise<void> {
  const signal = joinSignals(...signals);
  if (signal.aborted || durationMs <= 0) return;
  await sleep(durationMs, undefined, { signal }).catch(() => undefined);
}

/**
 * Asks `probe` again and again until it answers something other than undefined, or the time is over (undefined).
 * Rejects with the signal's reason when it aborts, and with whatever `probe` throws.
 */
export async function until<T>(
  probe: () => Promise<T | undefined>,
  options: { deadlineMs: number; everyMs: number; signal: AbortSignal },
): Promise<T | undefined> {
  const end = performance.now() + options.deadlineMs;
  for (;;) {
    options.signal.throwIfAborted();
    const answer = await probe();
    if (answer !== undefined) return answer;
    if (performance.now() >= end) return undefined;
    await pause(options.everyMs, options.signal);
  }
}

/**
 * Waits for work that should end when `signal` aborts, and does not trust it to: resolves with the work, or as soon as
 * the signal aborts. Rejects only with what the work throws before that.
 */
export async function orAborted(work: Promise<unknown>, signal: AbortSignal): Promise<void> {
  const aborted = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
  work.catch(() => undefined);
  try {
    await Promise.race([work, aborted]);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
