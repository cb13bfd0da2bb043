import type { EventWords } from "./event-words.ts";

/** Redis and Sentinel. */
export const redisWords: EventWords = {
  "+switch-master": ({ from, to }) => `${String(from)} → ${String(to)}`,
  link: ({ master, state }) => `to ${String(master)} ${String(state)}`,
  "client-master": ({ member }) => `writes and reads go to ${String(member)}`,
};
