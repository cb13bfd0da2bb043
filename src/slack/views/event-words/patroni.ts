import type { EventWords } from "./event-words.ts";

/** PostgreSQL under Patroni. */
export const patroniWords: EventWords = {
  role: ({ role, state, timeline }) =>
    typeof state === "string" ? `is ${String(role)}, ${state}, timeline ${String(timeline)}` : `is ${String(role)}`,
  lock: ({ holder }) => (holder === null ? "is held by nobody" : `is held by ${String(holder)}`),
  "wal-receiver": ({ streaming, from }) => (streaming === true ? `streams from ${String(from)}` : "has ended"),
  endpoint: ({ pods }) =>
    pods === "" ? "no pod has the primary's label" : `the primary's label is on ${String(pods)}`,
};
