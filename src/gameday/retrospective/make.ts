import { messageOf } from "../../errors.ts";
import { actionsOfGameDay } from "../../store/actions.ts";
import { findArtifact } from "../../store/artifacts.ts";
import { inTransaction, type Database, type Queryable } from "../../store/database.ts";
import { eventsAfter } from "../../store/events.ts";
import { findGameDay } from "../../store/game-days.ts";
import { listen } from "../../store/listen.ts";
import { oneAtATime } from "../../store/one-at-a-time.ts";
import {
  retrospectiveRecord,
  retrospectiveText,
  saveGameDayArtifact,
  withoutRetrospective,
} from "../../store/retrospectives.ts";
import { reduce } from "../reduce.ts";
import { buildRetrospective } from "./build.ts";
import { retrospectiveMarkdown } from "./markdown.ts";
import { retrospectiveSchema, type Retrospective } from "./record.ts";

/** The record that was stored; null: there is none, or another version wrote it. */
export async function readRetrospective(client: Queryable, gameDay: string): Promise<Retrospective | null> {
  const stored = await findArtifact(client, gameDay, retrospectiveRecord);
  if (stored === null) return null;
  const parsed = retrospectiveSchema.safeParse(JSON.parse(stored.bytes.toString("utf8")));
  return parsed.success ? parsed.data : null;
}

/** Makes and stores one, as a record and as Markdown. Null: another bot has done so, or there is no such game day. */
export async function makeRetrospective(database: Database, gameDay: string): Promise<Retrospective | null> {
  const stored = await findGameDay(database, gameDay);
  if (stored === null) return null;
  const day = reduce(stored.identity, stored.events);
  const runIds = day.items.flatMap(({ run }) => (run === null ? [] : [run]));
  const [runs, actions] = await Promise.all([
    Promise.all(runIds.map(async (run) => [run, await eventsAfter(database, run, 0)] as const)),
    actionsOfGameDay(database, {
      runIds,
      channelId: day.channelId,
      from: day.startedAt ?? day.plannedAt,
      until: day.endedAt ?? day.plannedAt,
    }),
  ]);
  const made = buildRetrospective({ ...stored, runs: Object.fromEntries(runs), actions });
  const files = [
    { name: retrospectiveRecord, contentType: "application/json", text: JSON.stringify(made, null, 2) },
    { name: retrospectiveText, contentType: "text/markdown", text: retrospectiveMarkdown(made) },
  ];
  return inTransaction(database, async (client) => {
    for (const { name, contentType, text } of files) {
      const artifact = { name, contentType, bytes: Buffer.from(text) };
      if (!(await saveGameDayArtifact(client, gameDay, artifact))) return null;
    }
    return made;
  });
}

const lookEveryMs = 5000;

/** Makes those that are missing, at once when a game day ends. Each bot has one; of several one stores it. */
export function startRetrospectives(
  database: Database,
  log: (message: string, detail: Record<string, unknown>) => void,
): { stop(): Promise<void> } {
  let stopped = false;
  const made = oneAtATime(
    async () => {
      for (const id of await withoutRetrospective(database)) {
        if (stopped) return;
        // One that cannot be made must not hold the others.
        await makeRetrospective(database, id).catch((error: unknown) =>
          log("a retrospective was not made", { gameDay: id, error: messageOf(error) }),
        );
      }
    },
    (error) => log("retrospectives were not looked for", { error: messageOf(error) }),
  );
  const look = (): void => {
    if (!stopped) made.go();
  };
  const listener = listen(database, "run_events", look, (error) =>
    log("retrospectives are not made at once", { error: messageOf(error) }),
  );
  const timer = setInterval(look, lookEveryMs);
  look();
  return {
    stop: async () => {
      stopped = true;
      clearInterval(timer);
      await listener.stop();
      await made.over();
    },
  };
}
