import type { EventWords } from "./event-words.ts";

/** PostgreSQL under Patroni or CloudNativePG. */
export const patroniWords: EventWords = {
  role: ({ role, state, timeline }) => {
    if (typeof state !== "string") return `is ${String(role)}`;
    // A server that only starts does not say what it is.
    if (role === null) return `is ${state}`;
    return `is ${String(role)}, ${state}, timeline ${timeline === null ? "not known" : String(timeline)}`;
  },
  lock: ({ holder }) => (holder === null ? "is held by nobody" : `is held by ${String(holder)}`),
  "wal-receiver": ({ streaming, from }) => (streaming === true ? `streams from ${String(from)}` : "has ended"),
  endpoint: ({ pods }) =>
    pods === "" ? "no pod has the primary's label" : `the primary's label is on ${String(pods)}`,
};
