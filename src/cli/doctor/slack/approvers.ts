import { createDirectory } from "../../../slack/directory.ts";
import { readSecret } from "../../../config/secret.ts";
import type { GroupMembers, Standing } from "../../../approvals/people.ts";
import type { Config } from "../../../config/schema.ts";
import type { Check } from "../asked.ts";
import { unknown, well, wrong, type Line } from "../line.ts";
import { notAsked } from "./words.ts";

const docs = "Correct approvals or policies in the configuration (docs/policy.md)";

/** People and user groups that may decide, by the policy. Pure. */
export function deciders({ approvals, policies }: Pick<Config, "approvals" | "policies">): {
  people: string[];
  groups: string[];
} {
  const given = (policies?.rules ?? []).flatMap((rule) => (rule.approvals === "none" ? [] : rule.approvals.approvers));
  const named = [...(approvals?.approvers ?? []), ...given, ...(policies?.mayResume ?? [])];
  const ids = named.map((entry) => (entry.startsWith("@") ? (policies?.groups[entry.slice(1)] ?? entry) : entry));
  const of = (pattern: RegExp): string[] => [...new Set(ids.filter((id) => pattern.test(id)))];
  return { people: of(/^[UW]/), groups: of(/^S/) };
}

/** Whether those who may approve and resume are there, as the bot will ask when they click. */
export const approvers: Check = async ({ config, environment, botToken }) => {
  const { people, groups } = deciders(config);
  if (people.length + groups.length === 0) return [];
  const learnt = await botToken();
  const token = learnt.ok && learnt.value?.ok === true ? readSecret(environment, "SLACK_BOT_TOKEN") : undefined;
  if (token === undefined) return [notAsked("Whoever may approve")];
  const { apiUrl } = config.slack;
  const directory = createDirectory({ token, ...(apiUrl === undefined ? {} : { slackApiUrl: apiUrl }) });
  const [standings, members] = await Promise.all([
    Promise.all(people.map(async (id) => [id, await directory.person(id)] as const)),
    Promise.all(groups.map(async (id) => [id, await directory.groupMembers(id)] as const)),
  ]);
  return judgeApprovers(standings, members);
};

/** Pure. */
export function judgeApprovers(
  people: ReadonlyArray<readonly [string, Standing]>,
  groups: ReadonlyArray<readonly [string, GroupMembers]>,
): Line[] {
  const troubled = [
    ...people.flatMap(([id, standing]): Line[] => {
      if (standing.kind === "member") return [];
      if (standing.kind === "unknown")
        return [unknown(`Whether ${id} may approve could not be seen: ${standing.why}.`)];
      return [wrong(`${id} may approve by the policy, and never will: ${refusals[standing.why]}.`, docs)];
    }),
    ...groups.flatMap(([id, group]): Line[] => {
      if (!group.known) return [unknown(`Who is in the user group ${id} could not be seen: ${group.why}.`)];
      return group.members.length > 0 ? [] : [wrong(`Nobody is in the user group ${id}, which may approve.`, docs)];
    }),
  ];
  const seen = people.length + groups.length - troubled.length;
  return [
    ...(seen > 0 ? [well(`${seen} of ${people.length + groups.length} who may approve are there`)] : []),
    ...troubled,
  ];
}

const refusals: Readonly<Record<Extract<Standing, { kind: "refused" }>["why"], string>> = {
  nobody: "the workspace has nobody of that id",
  deactivated: "the account is deactivated",
  outsider: "they are of another organisation",
  bot: "it is a bot",
  guest: "they are a guest",
};
