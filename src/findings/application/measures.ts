import { timeMeasure } from "../generic-measures.ts";
import { between } from "../observed.ts";
import type { Measure } from "../report.ts";
import type { ApplicationStory } from "./story.ts";

/** The application's rows in the table of measures; none for a run without one. */
export function applicationMeasures(story: ApplicationStory | null): Measure[] {
  if (story === null) return [];
  const { injectedMs, pool } = story;
  const since = (id: string, title: string, toMs: number | null, note?: string): Measure =>
    timeMeasure(id, title, between(injectedMs, toMs), note);
  return [
    since("app-first-write", "Fault to the first write through the application", story.firstWriteMs),
    timeMeasure("app-reconnect", "Promotion to the first write through the application", story.reconnectMs),
    {
      id: "app-failed-reads",
      title: "Reads through the application that failed",
      value: story.failedReads,
      unit: "reads",
      note: `of ${story.reads} since the fault`,
    },
    {
      id: "app-failed-health",
      title: "Health checks of the application that failed",
      value: story.failedHealth,
      unit: "count",
      note: `of ${story.healthChecks} since the fault`,
    },
    {
      id: "pool-before",
      title: "Connections of the application's pool at the fault",
      value: pool === null ? null : pool.before.total,
      unit: "count",
      ...(pool === null
        ? {}
        : {
            note: `${pool.before.active} active, ${pool.before.idle} idle, ${pool.before.waiting} waiting, ${pool.before.broken} broken before`,
          }),
    },
    {
      id: "pool-broken",
      title: "Connections that the pool lost",
      value: pool === null ? null : pool.broken,
      unit: "count",
    },
    since(
      "pool-left-old",
      "Fault to the pool being without a connection to the old primary",
      pool?.rightServersMs ?? null,
      "looked at four times a second",
    ),
    timeMeasure(
      "pool-kept-dead",
      "Time for which it kept connections to an old primary that was gone",
      pool?.keptDeadMs ?? null,
    ),
    timeMeasure("pool-empty", "Time in which the pool had no connection", pool?.emptyMs ?? null),
    {
      id: "pool-waiting",
      title: "Most requests that waited for a connection",
      value: pool === null ? null : pool.waitingPeak,
      unit: "count",
    },
  ];
}
