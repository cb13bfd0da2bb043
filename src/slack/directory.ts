import { WebAPIPlatformError, WebAPIRateLimitedError } from "@slack/web-api";
import type { Directory, GroupMembers, Standing } from "../approvals/people.ts";
import { webClient, type SlackApi } from "./web-client.ts";

/**
 * Answers are kept this long, so that a few clicks in a row ask once: `usergroups.users.list` may be asked 20 times a
 * minute (docs.slack.dev, Web API rate limits, tier 2). Who was removed may decide this much longer, no more.
 */
const keptMs = 30_000;
const timeoutMs = 5000;
const retryPauseMs = 500;

/** What `users.info` says of a person (docs.slack.dev, User object). */
interface SlackUser {
  deleted?: boolean;
  is_bot?: boolean;
  is_restricted?: boolean;
  is_ultra_restricted?: boolean;
  is_stranger?: boolean;
  team_id?: string;
  enterprise_user?: { teams?: string[] };
}

/**
 * The workspace's directory by Slack's Web API: `auth.test`, `users.info` (scope users:read) and `usergroups.users.list`
 * (scope usergroups:read, paid plans). An answer that did not come, or cannot be read, is `unknown`: nobody is let
 * through by it, and it is not kept. Nothing that was known before is used when it is older than the cache.
 */
export function createDirectory(options: SlackApi & { now?: () => number }): Directory {
  const { now = () => performance.now(), ...api } = options;
  const client = webClient({ ...api, timeoutMs });
  let ownTeam: Promise<string> | undefined;
  const team = (): Promise<string> => {
    ownTeam ??= client.auth.test().then(({ team_id: id }) => {
      if (id === undefined) throw new Error("auth.test named no workspace");
      return id;
    });
    ownTeam.catch(() => (ownTeam = undefined));
    return ownTeam;
  };

  const askPerson = async (userId: string): Promise<Standing> => {
    try {
      const [{ user }, own] = await Promise.all([client.users.info({ user: userId }), team()]);
      return user === undefined ? { kind: "unknown", why: "users.info named nobody" } : standing(user, own);
    } catch (error) {
      const why = reason(error);
      return why === "user_not_found" ? { kind: "refused", why: "nobody" } : { kind: "unknown", why };
    }
  };
  const askGroup = async (groupId: string): Promise<GroupMembers> => {
    try {
      const { users } = await client.usergroups.users.list({ usergroup: groupId });
      return users === undefined ? { known: false, why: "no list of users" } : { known: true, members: users };
    } catch (error) {
      return { known: false, why: reason(error) };
    }
  };
  const person = cached(askPerson, ({ kind }) => kind !== "unknown", now);
  const groupMembers = cached(askGroup, ({ known }) => known, now);
  return { person, groupMembers };
}

function standing(user: SlackUser, ownTeam: string): Standing {
  const refused = (why: Extract<Standing, { kind: "refused" }>["why"]): Standing => ({ kind: "refused", why });
  if (user.deleted === undefined || user.team_id === undefined) {
    return { kind: "unknown", why: "users.info left out what matters" };
  }
  if (user.deleted) return refused("deactivated");
  const teams = [user.team_id, ...(user.enterprise_user?.teams ?? [])];
  if (user.is_stranger === true || !teams.includes(ownTeam)) return refused("outsider");
  if (user.is_bot === true) return refused("bot");
  if (user.is_restricted === true || user.is_ultra_restricted === true) return refused("guest");
  return { kind: "member" };
}

/** Asks once for several who ask at the same time, keeps good answers a while, and asks a second time for a bad one. */
function cached<T>(ask: (id: string) => Promise<T>, isGood: (answer: T) => boolean, now: () => number) {
  const kept = new Map<string, { answer: Promise<T>; askedAt: number }>();
  const askTwice = async (id: string): Promise<T> => {
    const first = await ask(id);
    if (isGood(first)) return first;
    await new Promise((resolve) => setTimeout(resolve, retryPauseMs));
    return ask(id);
  };
  return (id: string): Promise<T> => {
    const known = kept.get(id);
    if (known !== undefined && now() - known.askedAt < keptMs) return known.answer;
    const entry = { answer: askTwice(id), askedAt: now() };
    kept.set(id, entry);
    void entry.answer.then((answer) => {
      if (!isGood(answer) && kept.get(id) === entry) kept.delete(id);
    });
    return entry.answer;
  };
}

/** Slack's own word for what went wrong, or what happened to the connection; short, since a person reads it. */
function reason(error: unknown): string {
  if (error instanceof WebAPIRateLimitedError) return `asked too often, wait ${error.retryAfter} s`;
  if (error instanceof WebAPIPlatformError) return error.data.error;
  return "no answer from Slack";
}
