/** What the person at the terminal wants: `none`, then `stop` (in order, healing first), then `hurry`. */
export type Wish = "none" | "stop" | "hurry";

export interface Interrupt {
  wish(): Wish;
  /** Resolves at the first signal. */
  stopWished: Promise<void>;
}

/** One Ctrl-C under `npm run` arrives twice: from the terminal, and handed on by npm. Closer ones count as one. */
const sameKeyMs = 1000;

/**
 * Listens for SIGINT and SIGTERM. The first asks for an orderly end; a later one, at least a second after, calls
 * `onHurry`.
 */
export function watchInterrupts(
  source: { on(signal: "SIGINT" | "SIGTERM", listener: () => void): unknown },
  now: () => number,
  onHurry: () => void,
): Interrupt {
  let wish: Wish = "none";
  let firstAtMs = 0;
  let stop: () => void = () => undefined;
  const stopWished = new Promise<void>((resolve) => (stop = resolve));
  const listener = (): void => {
    if (wish === "none") {
      wish = "stop";
      firstAtMs = now();
      stop();
    } else if (wish === "stop" && now() - firstAtMs >= sameKeyMs) {
      wish = "hurry";
      onHurry();
    }
  };
  source.on("SIGINT", listener);
  source.on("SIGTERM", listener);
  return { wish: () => wish, stopWished };
}
