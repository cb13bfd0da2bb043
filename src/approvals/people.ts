import { pipelineOf, type People, type Policy } from "./policy.ts";

/**
 * What the workspace says of a person. `refused`: they are there, and may decide nothing. `unknown`: it did not say,
 * which counts as no.
 */
export type Standing =
  | { kind: "member" }
  | { kind: "refused"; why: "deactivated" | "guest" | "outsider" | "bot" | "nobody" }
  | { kind: "unknown"; why: string };

/** Who is in a user group now, or why that is not known. */
export type GroupMembers = { known: true; members: readonly string[] } | { known: false; why: string };

/** The workspace's own word about people; asked anew (but for a short cache) at every decision. Never rejects. */
export interface Directory {
  person(userId: string): Promise<Standing>;
  groupMembers(groupId: string): Promise<GroupMembers>;
}

/** What was looked up for one decision, by id. What is not in it is not known. */
export interface Facts {
  people: Readonly<Record<string, Standing>>;
  groups: Readonly<Record<string, GroupMembers>>;
}

export const noFacts: Facts = { people: {}, groups: {} };

/** True when something that was looked up is not known. */
export function hasUnknown({ people, groups }: Facts): boolean {
  return (
    Object.values(people).some(({ kind }) => kind === "unknown") || Object.values(groups).some(({ known }) => !known)
  );
}

export function standingOf(facts: Facts, userId: string): Standing {
  const known = Object.hasOwn(facts.people, userId) ? facts.people[userId] : undefined;
  return known ?? { kind: "unknown", why: "it was not looked up" };
}

/** Whether a person is among those meant. A group that could not be looked up leaves it unknown, with the reason. */
export function isAmong(people: People, userId: string, facts: Facts): { among: boolean; unknown: string | null } {
  const pipeline = pipelineOf(userId);
  if (pipeline !== null) return { among: people.pipelines?.includes(pipeline) === true, unknown: null };
  if (people.anyone || people.users.includes(userId)) return { among: true, unknown: null };
  const answers = people.groups.map((id) => (Object.hasOwn(facts.groups, id) ? facts.groups[id] : undefined));
  if (answers.some((answer) => answer?.known === true && answer.members.includes(userId))) {
    return { among: true, unknown: null };
  }
  const lost = answers.find((answer) => answer?.known !== true);
  const noneLost = answers.every((answer) => answer?.known === true);
  if (noneLost) return { among: false, unknown: null };
  return { among: false, unknown: lost?.known === false ? lost.why : "it was not looked up" };
}

/** Looks up what a decision about these people needs; several at once, each once. */
export async function lookUp(
  directory: Directory,
  wanted: { users: readonly string[]; groups: readonly string[] },
): Promise<Facts> {
  const each = async <T>(ids: readonly string[], ask: (id: string) => Promise<T>): Promise<Record<string, T>> =>
    Object.fromEntries(await Promise.all([...new Set(ids)].map(async (id) => [id, await ask(id)] as const)));
  const [people, groups] = await Promise.all([
    each(wanted.users, directory.person),
    each(wanted.groups, directory.groupMembers),
  ]);
  return { people, groups };
}

/** `@Bob, @Carol or anybody in @dba`, for a sentence; people by Slack's mention, groups by name without calling them. */
export function nameAll(people: People, policy: Pick<Policy, "groupNames">, except?: string | null): string {
  const pipelines = (people.pipelines ?? []).map((name) => `the pipeline ${name}`);
  const users = people.users.filter((id) => id !== except).map((id) => `<@${id}>`);
  const groups = people.groups.map((id) => `anybody in ${groupName(id, policy)}`);
  const all = [...(people.anyone ? ["anybody of the workspace"] : [...users, ...groups]), ...pipelines];
  const last = all.pop();
  if (last === undefined) return "nobody: no approver is configured";
  return all.length === 0 ? last : `${all.join(", ")} or ${last}`;
}

function groupName(id: string, { groupNames }: Pick<Policy, "groupNames">): string {
  const name = Object.hasOwn(groupNames, id) ? groupNames[id] : undefined;
  return name === undefined ? `the user group ${id}` : `@${name}`;
}
