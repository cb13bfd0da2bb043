import { unknownFigures, type KeyFigures } from "../../src/findings/comparison/figures.ts";
import type { PastRun } from "../../src/findings/comparison/past-run.ts";
import type { PastService } from "../../src/run/past/service.ts";

/** Test double: nothing was run here. */
export const noPast: PastService = {
  lastResults: async () => [],
  runs: async () => [],
  experiments: async () => [],
  history: async () => null,
  compare: () => Promise.reject(new Error("nothing was run here")),
  share: async () => "picture-1",
};

/** A run that is over: the `number`th, which ended in that minute. */
export function pastRun(number: number, figures: Partial<KeyFigures> = {}, change: Partial<PastRun> = {}): PastRun {
  const minute = new Date(Date.UTC(2026, 0, 1, 0, number)).toISOString();
  return {
    runId: `run-${number}`,
    experiment: "redis-failover",
    system: "redis-sentinel",
    cluster: "lab",
    namespace: "cache",
    parameters: { rate: 100, duration: "15s" },
    requestedBy: "U0ALICE",
    startedAt: minute,
    endedAt: minute,
    verdicts: { hypothesis: "held", run: "completed", cleanup: "verified" },
    figures: { ...unknownFigures, ...figures },
    version: "redis_version 7.0.15",
    measures: [],
    ...change,
  };
}
