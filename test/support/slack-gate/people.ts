import type { ApiCall } from "./call.ts";

export type Answer = Readonly<Record<string, unknown>>;

/** A user group; `disabled` ones are listed only when asked for. */
export interface TestGroup {
  /** `S…` */
  id: string;
  /** Without the `@`. */
  handle: string;
  users: readonly string[];
  disabled?: boolean;
}

/** What `users.info` shall say instead of what the workspace file says, e.g. `{ deleted: true }`. */
export type UserChange = Partial<{
  deleted: boolean;
  is_stranger: boolean;
  is_restricted: boolean;
  is_ultra_restricted: boolean;
  is_bot: boolean;
  team_id: string;
  tz: string;
}>;

/** User groups, and what is not usual about users: local-slack has neither. Shapes as in slack-api-ref. */
export interface People {
  setGroup(group: TestGroup): void;
  removeGroup(id: string): void;
  /** Also makes users that the workspace does not have. */
  setUser(id: string, change: UserChange): void;
  /** Forgets all of it. */
  reset(): void;
}

export interface PeopleMethods extends People {
  /** Null: not a method of ours. `forward` asks local-slack. */
  answer(call: ApiCall, forward: () => Promise<Answer>): Promise<Answer> | null;
}

export function createPeople(teamId: string): PeopleMethods {
  const groups = new Map<string, TestGroup>();
  const changes = new Map<string, UserChange>();
  const listed = (call: ApiCall): TestGroup[] =>
    [...groups.values()].filter((group) => group.disabled !== true || call.form.get("include_disabled") === "true");
  const asGroup = (group: TestGroup, call: ApiCall): Answer => ({
    id: group.id,
    team_id: teamId,
    is_usergroup: true,
    name: group.handle,
    handle: group.handle,
    date_delete: group.disabled === true ? 1 : 0,
    user_count: group.users.length,
    ...(call.form.get("include_users") === "true" ? { users: group.users } : {}),
  });
  const changed = (user: unknown, change: UserChange): Answer => ({ ...(user as Answer), ...change });
  const methods: Readonly<Record<string, (call: ApiCall, forward: () => Promise<Answer>) => Answer | Promise<Answer>>> =
    {
      "usergroups.list": (call) => ({ ok: true, usergroups: listed(call).map((group) => asGroup(group, call)) }),
      "usergroups.users.list": (call) => {
        const group = listed(call).find(({ id }) => id === call.form.get("usergroup"));
        return group === undefined ? { ok: false, error: "no_such_subteam" } : { ok: true, users: group.users };
      },
      "users.info": async (call, forward) => {
        const id = call.form.get("user") ?? "";
        const change = changes.get(id);
        const answer = await forward();
        if (change === undefined) return answer;
        if (answer["ok"] === true) return { ...answer, user: changed(answer["user"], change) };
        return { ok: true, user: changed({ id, team_id: teamId, name: id.toLowerCase(), deleted: false }, change) };
      },
      "users.list": async (_call, forward) => {
        const answer = await forward();
        if (!Array.isArray(answer["members"])) return answer;
        const members = answer["members"] as Array<{ id: string }>;
        return { ...answer, members: members.map((user) => changed(user, changes.get(user.id) ?? {})) };
      },
    };
  return {
    setGroup: (group) => void groups.set(group.id, group),
    removeGroup: (id) => void groups.delete(id),
    setUser: (id, change) => void changes.set(id, { ...changes.get(id), ...change }),
    reset: () => {
      groups.clear();
      changes.clear();
    },
    answer: (call, forward) => {
      const method = methods[call.method];
      return method === undefined ? null : Promise.resolve(method(call, forward));
    },
  };
}
