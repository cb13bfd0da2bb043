import type { Config } from "../config/schema.ts";
import type { Paging } from "../run/alarms/alarm.ts";
import type { HealDeadlines } from "../run/ladder/steps.ts";

/** The abort ladder's deadlines, as configured. */
export function healDeadlinesOf(healing: Config["healing"]): Required<HealDeadlines> {
  return {
    deleteMs: healing.deleteWithin,
    offerMs: healing.offerRestartFor,
    forceMs: healing.forceWithin,
    reachMs: healing.reachWithin,
    callMs: healing.callWithin,
  };
}

/** Whom and when to page, as configured. */
export function pagingOf({ alarms, slack }: Pick<Config, "alarms" | "slack">): Paging {
  return {
    againAfterMs: alarms.pageAgainAfter,
    recheckAfterMs: alarms.recheckAfter,
    groups: alarms.groups,
    channelId: slack.opsChannel ?? null,
  };
}
