/** Work that never runs beside itself. */
export interface OneAtATime {
  /** Begins it, unless it is being done. */
  go(): void;
  /** Resolves when nothing of it is being done. */
  over(): Promise<void>;
}

/** What is woken by several things, e.g. a timer and NOTIFY: what fails is told, and the next wake tries again. */
export function oneAtATime(work: () => Promise<void>, onError: (error: unknown) => void): OneAtATime {
  let working: Promise<void> | null = null;
  return {
    go: () => {
      working ??= work()
        .catch(onError)
        .finally(() => (working = null));
    },
    over: async () => {
      await working;
    },
  };
}
