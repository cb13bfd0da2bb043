import { AftershockError } from "../errors.ts";
import { joinSignals } from "../join-signals.ts";

/**
 * Makes one call that ends after `deadlineMs` whatever it does: its signal aborts, and should it ignore that, it is left
 * behind. Rejects with AftershockError `cluster_unreachable` then, and with the outer signal's reason when that aborts.
 */
export async function bounded<T>(
  call: (signal: AbortSignal) => Promise<T>,
  options: { deadlineMs: number; signal: AbortSignal },
): Promise<T> {
  options.signal.throwIfAborted();
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(tooSlow(options.deadlineMs)), options.deadlineMs);
  const signal = joinSignals(options.signal, limit.signal);
  const cut = new Promise<never>((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });
  try {
    return await Promise.race([call(signal), cut]);
  } catch (error) {
    // Whatever the call made of its signal's end: that it was cut is what happened.
    if (signal.aborted) throw signal.reason;
    throw error;
  } finally {
    clearTimeout(timer);
    cut.catch(() => undefined);
  }
}

function tooSlow(deadlineMs: number): AftershockError {
  return new AftershockError(
    "cluster_unreachable",
    `The cluster did not answer within ${deadlineMs / 1000} s.`,
    "Check that its API server runs: kubectl get --raw /readyz",
  );
}
