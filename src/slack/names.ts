import { webClient, type SlackApi } from "./web-client.ts";

/** Names change seldom, and an old one is still a name. */
const keptMs = 3_600_000;
/** A message waits this long for a name, no longer. */
const timeoutMs = 2000;

/** The name that a person goes by in the workspace; null where Slack does not say. Never rejects. */
export type NameOf = (userId: string) => Promise<string | null>;

/** Names by Slack's `users.info` (scope users:read), kept for an hour; a name that did not come is asked for again. */
export function createNames(options: SlackApi & { now?: () => number }): NameOf {
  const { now = () => performance.now(), ...api } = options;
  const client = webClient({ ...api, timeoutMs });
  const kept = new Map<string, { name: string; askedAt: number }>();
  return async (userId) => {
    const known = kept.get(userId);
    if (known !== undefined && now() - known.askedAt < keptMs) return known.name;
    try {
      const { user } = await client.users.info({ user: userId });
      const name = [user?.profile?.display_name, user?.real_name, user?.name].find((each) => each?.trim());
      if (name === undefined) return null;
      kept.set(userId, { name, askedAt: now() });
      return name;
    } catch {
      // Whoever posts names the person by the id, and mends that by an edit.
      return known?.name ?? null;
    }
  };
}
