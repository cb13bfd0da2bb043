import type { Attributes } from "./rbac.ts";
import type { User } from "./user.ts";

/** Requests with the same attributes of the same user, decided in the same way. */
export interface AccessEntry {
  user: string;
  attributes: Attributes;
  allowed: boolean;
  /** What allowed it, in RBAC's words (see Grant.through), or `group system:masters`; null when refused. */
  allowedBy: string | null;
  times: number;
  firstAtMs: number;
  lastAtMs: number;
}

export interface AccessLog {
  note(user: User, attributes: Attributes, allowedBy: string | null): void;
  /** In the order in which they first came. */
  entries(): AccessEntry[];
  /** How many different ones were forgotten, the oldest first, to keep the log small. */
  dropped(): number;
  clear(): void;
}

/** In memory, at most `limit` different entries. `now` is the wall clock in milliseconds. */
export function createAccessLog(now: () => number, limit = 10_000): AccessLog {
  const entries = new Map<string, AccessEntry>();
  let dropped = 0;
  return {
    note(user, attributes, allowedBy) {
      const key = JSON.stringify([user.username, attributes, allowedBy]);
      const at = now();
      const known = entries.get(key);
      if (known !== undefined) {
        known.times += 1;
        known.lastAtMs = at;
        return;
      }
      const seen = { times: 1, firstAtMs: at, lastAtMs: at };
      entries.set(key, { user: user.username, attributes, allowed: allowedBy !== null, allowedBy, ...seen });
      if (entries.size <= limit) return;
      entries.delete(entries.keys().next().value!);
      dropped += 1;
    },
    entries: () => [...entries.values()].map((entry) => ({ ...entry })),
    dropped: () => dropped,
    clear: () => {
      entries.clear();
      dropped = 0;
    },
  };
}
