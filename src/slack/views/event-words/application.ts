import type { EventDetail, EventWords } from "./event-words.ts";

/** An application's connection pool. */
export const applicationWords: EventWords = {
  "pool-lost": (pool) => `${String(pool["lost"])} of its connections; ${connections(pool)}`,
  "pool-back": (pool) => `with ${connections(pool)}`,
  "pool-servers": ({ servers }) => (servers === "" ? "connected to nobody" : `connected to ${String(servers)}`),
};

function connections({ active, idle, waiting }: EventDetail): string {
  return `${String(active)} active, ${String(idle)} idle, ${String(waiting)} waiting`;
}
