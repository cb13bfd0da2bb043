import { usualVerbosity } from "../run/channels/verbosity.ts";
import { channelSetting } from "../store/channels.ts";
import { inTransaction, type Database, type Queryable } from "../store/database.ts";
import { listen } from "../store/listen.ts";
import { oneAtATime } from "../store/one-at-a-time.ts";
import { findRun } from "../store/runs.ts";
import { behindActions, narrateAction } from "./action-narrator.ts";
import { behindGameDays, tellGameDay } from "./gameday-narrator.ts";
import { behindHalts, narrateHalt } from "./halt-narrator.ts";
import { narrate } from "./narrate.ts";
import { narrateNotices } from "./notice-narrator.ts";
import { behindSchedules, narrateSchedule } from "./schedule-narrator.ts";
import { wantedKeys, wantMessages } from "./store/outbox.ts";
import { behindRetrospectives, tellRetrospective } from "./retrospective-narrator.ts";
import { eventsToTell } from "./store/run-events.ts";

const pollMs = 500;

export interface Narrator {
  stop(): Promise<void>;
}

/**
 * Projects the events of every run and schedule to the outbox. A run is locked while it is worked on, and the outbox rows
 * and the cursor change in one transaction: several bots narrate every event exactly once.
 */
export function startNarrator(
  database: Database,
  options: {
    onWanted: () => void;
    onError: (error: unknown) => void;
    command?: string;
    opsChannel?: string | undefined;
  },
): Narrator {
  let stopped = false;
  let again = false;
  const { command = "/chaos" } = options;

  /** One that cannot be told must not silence the others. */
  const tell = async (telling: Promise<boolean>): Promise<void> => {
    try {
      if (await telling) options.onWanted();
    } catch (error) {
      options.onError(error);
    }
  };
  const told = oneAtATime(async () => {
    do {
      again = false;
      for (const runId of await behindRuns(database)) await tell(narrateRun(database, runId));
      for (const id of await behindSchedules(database)) await tell(narrateSchedule(database, id));
      for (const id of await behindHalts(database)) await tell(narrateHalt(database, id, options.opsChannel));
      for (const id of await behindActions(database)) await tell(narrateAction(database, id, command));
      for (const id of await behindGameDays(database)) await tell(tellGameDay(database, id, command));
      for (const id of await behindRetrospectives(database)) await tell(tellRetrospective(database, id, command));
      await tell(narrateNotices(database, options.opsChannel));
    } while (again && !stopped);
  }, options.onError);
  const wake = (): void => {
    if (stopped) return;
    again = true;
    told.go();
  };
  const listener = listen(database, "run_events", wake, options.onError);
  const timer = setInterval(wake, pollMs);
  wake();
  return {
    stop: async () => {
      stopped = true;
      clearInterval(timer);
      await listener.stop();
      await told.over();
    },
  };
}

/** Runs with events that were not told yet, oldest first; each event's transaction notes it beside the cursor. */
export async function behindRuns(database: Queryable): Promise<string[]> {
  const { rows } = await database.query<{ id: string }>(
    "select run_id as id from narration_cursors where behind order by length(run_id), run_id",
  );
  return rows.map((row) => row.id);
}

/** True when something new is wanted; false when another narrator has the run. */
export async function narrateRun(database: Database, runId: string): Promise<boolean> {
  return inTransaction(database, async (client) => {
    // A lock of its own: the cursor's row is written by whoever appends an event, and must not wait for the telling.
    const lock = await client.query<{ mine: boolean }>(
      "select pg_try_advisory_xact_lock(hashtextextended('telling of ' || $1, 0)) as mine",
      [runId],
    );
    if (lock.rows[0]?.mine !== true) return false;
    const { rows } = await client.query<{ seq: number }>("select seq from narration_cursors where run_id = $1", [
      runId,
    ]);
    const cursor = rows[0];
    if (cursor === undefined) return false;
    const events = await eventsToTell(client, runId);
    const run = await findRun(client, runId);
    const last = events.at(-1)?.seq ?? 0;
    if (run === null || last <= cursor.seq) return false;
    const setting = await channelSetting(client, run.channelId);
    const telling = { verbosity: setting?.verbosity ?? usualVerbosity, shown: await wantedKeys(client, runId) };
    await wantMessages(client, runId, run.channelId, narrate(run, events, telling));
    // Last, and without waiting: whoever is appending has the cursor's row, and the run is told again when they have.
    await client.query(
      `update narration_cursors set seq = $2 where run_id in (
         select run_id from narration_cursors where run_id = $1 for update skip locked)`,
      [runId, last],
    );
    return true;
  });
}
