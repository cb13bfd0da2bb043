import type { Overview } from "../../src/run/overview/overview.ts";
import type { OverviewService } from "../../src/run/overview/service.ts";
import type { Schedule } from "../../src/run/schedules/schedule.ts";
import type { RunRow } from "../../src/run/service.ts";

/** What one sees on the first day. */
export const emptyOverview: Overview = {
  at: "2026-01-01T12:00:00.000Z",
  waiting: [],
  running: [],
  takeBack: [],
  counts: { waiting: 0, running: 0 },
  mayHalt: null,
  mayResume: null,
};

/** Test double of what there is to see; the real one is tested on PostgreSQL in test/run/overview.test.ts. */
export function seen(
  parts: { overview?: Partial<Overview>; schedules?: Schedule[]; judged?: RunRow[] } = {},
): OverviewService {
  return {
    admit: async () => undefined,
    look: async () => ({ ...emptyOverview, ...parts.overview }),
    schedules: async () => parts.schedules ?? [],
    judged: async () => parts.judged ?? [],
  };
}
