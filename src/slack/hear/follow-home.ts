import { listen } from "../../store/listen.ts";
import { oneAtATime } from "../../store/one-at-a-time.ts";
import { homeRate } from "../rates.ts";
import { claimStale, isLookedAt, type FollowRules } from "../store/home-viewers.ts";
import type { Hearing } from "./hearing.ts";
import { drawHome } from "./hear-home.ts";

const openForMs = 3_600_000;
const everyMs = 5000;
const claimMs = 15_000;
const mostFailures = 3;
/** It also changes by what is told by no event, e.g. a request whose time is over. */
const lookEveryMs = 2000;

export interface HomeFollower {
  stop(): Promise<void>;
}

/**
 * Keeps the App Home true for those who opened it within the last hour: drawn again when something is different, each at most
 * every five seconds, from what is then (so that the newest wins), by one of the bots. `speed`: how many times faster, for a
 * stand-in that allows it.
 */
export function followHome(hearing: Hearing, speed: number): HomeFollower {
  const rules: FollowRules = {
    openForMs,
    everyMs: everyMs / speed,
    claimMs,
    mostFailures,
    rate: { ...homeRate, everyMs: homeRate.everyMs / speed },
  };
  const { database, log } = hearing;
  let stopped = false;
  const onError = (error: unknown): void => log.warn({ err: error }, "the App Home is not followed");
  const drawn = oneAtATime(async () => {
    if (!(await isLookedAt(database, rules))) return;
    for (;;) {
      const viewer = stopped ? null : await claimStale(database, rules);
      if (viewer === null) return;
      await drawHome(hearing, { userId: viewer.userId, teamId: viewer.teamId, channelId: "" }, viewer);
    }
  }, onError);
  const look = (): void => {
    if (!stopped) drawn.go();
  };
  const listener = listen(database, "run_events", look, onError);
  const timer = setInterval(look, Math.min(lookEveryMs, rules.everyMs));
  return {
    stop: async () => {
      stopped = true;
      clearInterval(timer);
      await listener.stop();
      await drawn.over();
    },
  };
}
