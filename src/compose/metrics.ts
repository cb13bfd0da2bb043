import type { Logger } from "pino";
import { collectDefaultMetrics, Registry } from "prom-client";
import { messageOf } from "../errors.ts";
import { faultKinds } from "../experiment/schema.ts";
import type { Page } from "../health.ts";
import { queued, sources, stored } from "../metrics/definitions.ts";
import { createInstruments, type Instruments } from "../metrics/instruments.ts";
import { observeRuns } from "../metrics/observe-runs.ts";
import { observeSlack } from "../metrics/observe-slack.ts";
import { createPage } from "../metrics/page.ts";
import { queueSamples } from "../metrics/queue-samples.ts";
import { storedSamples } from "../metrics/stored-samples.ts";
import type { RunQueue } from "../queue/run-queue.ts";
import type { ScheduleQueue } from "../queue/schedule-queue.ts";
import type { RunObserver } from "../run/observer.ts";
import { observedFetch, type SlackObserver } from "../slack/observer.ts";
import type { SlackApi } from "../slack/web-client.ts";
import type { Database } from "../store/database.ts";
import { readFigures } from "../store/figures.ts";

/** What a process counts, who counts it, and the page that it is read from. */
export interface Metrics {
  instruments: Instruments;
  slack: SlackObserver;
  /** For Slack's clients that the bot's own are not, e.g. the directory's. */
  slackFetch(slackApiUrl: string | undefined): SlackApi["fetch"];
  runs: RunObserver;
  /** Says how many runs the process has now, when it is scraped. */
  countOwned(count: () => number): void;
  page(): Promise<Page>;
}

/** A registry of this process's own. Nothing is asked before it is scraped. */
export function composeMetrics(parts: {
  database: Database;
  queue: Pick<RunQueue, "depth">;
  scheduleQueue: Pick<ScheduleQueue, "depth">;
  log: Logger;
}): Metrics {
  const { database, queue, scheduleQueue, log } = parts;
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  let owned = (): number => 0;
  const instruments = createInstruments(registry, { runsOwned: () => owned() });
  const slack = observeSlack(instruments);
  const page = createPage(
    registry,
    [
      {
        up: sources.database,
        definitions: stored,
        read: async () => storedSamples(await readFigures(database, faultKinds)),
      },
      {
        up: sources.queue,
        definitions: queued,
        read: async () => queueSamples({ runs: await queue.depth(), schedules: await scheduleQueue.depth() }),
      },
    ],
    (error) => log.debug({ error: messageOf(error) }, "a source of metrics did not answer"),
  );
  return {
    instruments,
    slack,
    slackFetch: (slackApiUrl) => observedFetch(slack, slackApiUrl),
    runs: observeRuns(instruments, () => performance.now()),
    countOwned: (count) => (owned = count),
    page,
  };
}
