const sources = Symbol("the signals that it was joined from");

/**
 * A signal that aborts when one of `signals` does, as `AbortSignal.any`, which must not be called bare: it holds its
 * sources weakly, and Node loses one that is collected. In Node 20 a deadline by `AbortSignal.timeout` then never comes
 * (nodejs/node issue 57736; so in 20.20, mended in 22 and 24); since 24.16 an abort can be lost that nobody had listened
 * for (issue 65995). Here the signal itself holds them.
 */
export function joinSignals(...signals: AbortSignal[]): AbortSignal {
  return Object.defineProperty(AbortSignal.any(signals), sources, { value: signals });
}
