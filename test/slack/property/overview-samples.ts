import type { Overview, Role, Waiting } from "../../../src/run/overview/overview.ts";
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
