import type { PastRun } from "../../../src/findings/comparison/past-run.ts";
import { pastRun } from "../../support/past.ts";

/** Runs with all kinds of verdicts and figures, newest first, of several experiments and targets. */
export const pastRuns: readonly PastRun[] = Array.from({ length: 60 }, (_u, at) => {
  const number = 60 - at;
  const figures = number % 7 === 0 ? {} : { rto: 3000 + number * 300, lost: number % 4, slowDown: 1 + number };
  return pastRun(number, figures, {
    experiment: number % 3 === 0 ? "e" : "redis-failover",
    system: number % 5 === 0 ? "s" : "redis-sentinel",
    cluster: number % 9 === 0 ? "c" : "lab",
    version: number % 13 === 0 ? "v" : "redis_version 7.0.15",
    parameters: { rate: number % 4 === 0 ? 50 : 100, text: "t" },
    verdicts:
      number % 11 === 0
        ? null
        : {
            hypothesis: number % 6 === 0 ? "inconclusive" : number % 2 === 0 ? "refuted" : "held",
            run: number % 8 === 0 ? "aborted" : "completed",
            cleanup: number % 10 === 0 ? "unverified" : "verified",
          },
  });
});
