import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "../errors.ts";
import { listen } from "../store/listen.ts";
import { openGameDays, startedGameDays } from "../store/game-days.ts";
import { driveGameDay, missTheGone, type DriveDeps } from "./drive.ts";

/** Everything is looked at this often, and at once when something happens. */
const lookEveryMs = 2000;
/** A run in full swing says something many times a second; its game day is brought in line this often at most. */
const pauseMs = 300;
/** Whether people still have their accounts. */
const missEveryMs = 60_000;

export interface GameDayKeeper {
  stop(): Promise<void>;
}

/** Keeps all started game days in line with what is true. Each bot has one; they do not double each other. */
export function startGameDayKeeper(deps: DriveDeps): GameDayKeeper {
  const over = new AbortController();
  let asked = true;
  let wakeUp = (): void => undefined;
  const wake = (): void => {
    asked = true;
    wakeUp();
  };
  const each = async (ids: Promise<string[]>, work: (id: string) => Promise<void>): Promise<void> => {
    for (const id of await ids) {
      if (over.signal.aborted) return;
      // One that cannot be brought in line must not hold the others.
      await work(id).catch((error: unknown) =>
        deps.log("a game day was not brought in line", { id, error: messageOf(error) }),
      );
    }
  };
  let missedAtMs = 0;
  const look = async (): Promise<void> => {
    await each(startedGameDays(deps.database), (id) => driveGameDay(deps, id));
    if (performance.now() - missedAtMs < missEveryMs && missedAtMs !== 0) return;
    missedAtMs = performance.now();
    await each(openGameDays(deps.database), (id) => missTheGone(deps, id));
  };
  const work = async (): Promise<void> => {
    while (!over.signal.aborted) {
      asked = false;
      await look().catch((error: unknown) => deps.log("game days were not looked at", { error: messageOf(error) }));
      await sleep(pauseMs, undefined, { signal: over.signal }).catch(() => undefined);
      if (asked || over.signal.aborted) continue;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, lookEveryMs);
        wakeUp = (): void => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  };
  const listener = listen(deps.database, "run_events", wake, (error) =>
    deps.log("game days are not told at once", { error: messageOf(error) }),
  );
  const working = work();
  return {
    stop: async () => {
      over.abort();
      wake();
      await listener.stop();
      await working;
    },
  };
}
