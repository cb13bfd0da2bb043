/** Does `work` every `everyMs`, and not again before it is through; what it rejects with is left to the next time. */
export function startPolling(everyMs: number, work: () => Promise<void>): { stop(): void } {
  let underWay = false;
  const timer = setInterval(() => {
    if (underWay) return;
    underWay = true;
    void work()
      .catch(() => undefined)
      .finally(() => (underWay = false));
  }, everyMs);
  return { stop: () => clearInterval(timer) };
}
