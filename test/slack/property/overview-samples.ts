import type { Overview, Role, Trend, Waiting } from "../../../src/run/overview/overview.ts";
import type { Schedule } from "../../../src/run/schedules/schedule.ts";
import type { RunRow } from "../../../src/run/service.ts";
import { emptyOverview } from "../../support/overview.ts";

const roles: readonly Role[] = ["decide", "asked", "approved", "watch"];

/** Nothing at all, and more of everything than is shown. */
export function overviewsOf(runs: readonly RunRow[], schedules: readonly Schedule[]): Overview[] {
  const all = [
    ...runs.map((run) => ({ kind: "run", run }) as const),
    ...schedules.map((schedule) => ({ kind: "schedule", schedule }) as const),
  ];
  const waiting = roles.flatMap((role) =>
    all.map((what): Waiting => ({ what, role, why: role === "decide" ? null : "why" })),
  );
  const full: Overview = {
    ...emptyOverview,
    waiting,
    running: [...runs],
    takeBack: [...runs],
    counts: { waiting: 400, running: 300 },
    mayHalt: "no",
    mayResume: "no",
  };
  return [emptyOverview, full, { ...full, mayHalt: null, mayResume: null }];
}

const hypotheses = ["held", "refuted", "inconclusive"] as const;
const verdicts = ["completed", "aborted", "failed", "interrupted"] as const;

/** Many systems, each with several experiments and five results. */
export const trends: readonly Trend[] = Array.from({ length: 30 }, (_u, at) => ({
  system: `s${at % 12}`,
  experiment: "x",
  cluster: "c",
  namespace: "ns",
  results: Array.from({ length: 5 }, (_v, number) => ({
    runId: `run-${number}`,
    endedAt: "2026-01-01T00:00:00.000Z",
    verdicts: {
      hypothesis: hypotheses[number % 3] ?? "held",
      run: verdicts[(at + number) % 4] ?? "completed",
      cleanup: number === 2 ? "unverified" : "verified",
    },
    lost: number === 1 ? null : number * 1000,
    recoveryMs: number === 3 ? null : 3456,
  })),
}));
