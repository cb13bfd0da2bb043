import { createAuthoriser, type Authoriser } from "../approvals/authoriser.ts";
import { pipelineOf, simplePolicy, type Match, type People, type Policy, type Rule } from "../approvals/policy.ts";
import type { LoadedConfig, Secrets } from "../config/load.ts";
import type { PoliciesConfig } from "../config/policies.ts";
import type { Config } from "../config/schema.ts";
import { AftershockError } from "../errors.ts";
import { nearest } from "../experiment/nearest.ts";
import { createDirectory } from "../slack/directory.ts";
import type { SlackApi } from "../slack/web-client.ts";

/** What exists, so that a name in a rule or a freeze that means nothing is told instead of never matching. */
export interface KnownNames {
  systems: readonly string[];
  experiments: readonly string[];
}

/** The authoriser of a bot, or of a worker (`teamId` null: nobody acts there). `now`: the clock that all of them share. */
export function composeAuthoriser(
  {
    config,
    secrets,
    slackFetch,
  }: Pick<LoadedConfig, "config"> & {
    secrets: Pick<Secrets, "slackBotToken">;
    slackFetch?: SlackApi["fetch"];
  },
  teamId: string | null,
  known: KnownNames,
  now: () => Date,
): Authoriser {
  return createAuthoriser({
    policy: policyOf(config, teamId, known),
    directory: createDirectory({
      token: secrets.slackBotToken,
      ...(config.slack.apiUrl === undefined ? {} : { slackApiUrl: config.slack.apiUrl }),
      fetch: slackFetch,
    }),
    now,
  });
}

/**
 * The policy that the configuration states: `policies`, or the simple form `approvals`. Throws AftershockError
 * `bad_config` for a name that nothing has: in a freeze it would silently freeze nothing.
 */
export function policyOf(
  config: Pick<Config, "approvals" | "policies" | "clusters">,
  teamId: string | null,
  known: KnownNames,
): Policy {
  const environments = Object.fromEntries(
    Object.entries(config.clusters).map(([name, { environment }]) => [name, environment ?? name]),
  );
  const { policies, approvals } = config;
  if (policies === undefined) {
    // Checked when it was loaded: one of the two is there.
    if (approvals === undefined) throw badName("policies", "is missing", undefined);
    const { required, approvers, expiresAfter: expiresAfterMs } = approvals;
    return { ...simplePolicy({ teamId, required, approvers, expiresAfterMs }), environments };
  }
  const names = { ...known, environments: [...new Set(Object.values(environments))] };
  const matchOf = (where: string, match: PartialMatch): Match => {
    for (const kind of ["environments", "systems", "experiments"] as const) {
      for (const name of match[kind] ?? []) {
        if (names[kind].includes(name)) continue;
        throw badName(where, `there is no "${name}" among the ${kind}`, nearest(name, names[kind]));
      }
    }
    const { environments: places = null, systems = null, experiments = null, risks = null } = match;
    return { environments: places, systems, experiments, risks };
  };
  const peopleOf = (entries: readonly string[]): People => toPeople(entries, policies.groups);
  return {
    teamId,
    environments,
    rules: policies.rules.map((rule) => toRule(rule, matchOf(`policies.rules "${rule.name}"`, rule), peopleOf)),
    freezes: policies.freezes.map((freeze) => ({
      name: freeze.name,
      match: matchOf(`policies.freezes "${freeze.name}"`, freeze),
      window: freeze.when,
    })),
    resumers: peopleOf(policies.mayResume),
    groupNames: Object.fromEntries(Object.entries(policies.groups).map(([name, id]) => [id, name])),
  };
}

type PartialMatch = Pick<PoliciesConfig["rules"][number], "environments" | "systems" | "experiments" | "risks">;

function toRule(
  rule: PoliciesConfig["rules"][number],
  match: Match,
  peopleOf: (entries: readonly string[]) => People,
): Rule {
  const { name, times = null, requesters, approvals, limits } = rule;
  const { namespaces = null, maxDuration: maxDurationMs = null, onePrimaryAtATime } = limits;
  return {
    name,
    match,
    times,
    requesters: peopleOf(requesters),
    // A schedule is approved by somebody else always: where a run needs nobody, by whoever could have asked for it.
    ...(approvals === "none"
      ? {
          required: 0,
          approvers: peopleOf(requesters.filter((entry) => pipelineOf(entry) === null)),
          expiresAfterMs: unneededMs,
        }
      : {
          required: approvals.required,
          approvers: peopleOf(approvals.approvers),
          expiresAfterMs: approvals.expiresAfter,
        }),
    limits: { namespaces, maxDurationMs, onePrimaryAtATime },
  };
}

/** How long a run without approvals may wait for a worker. */
const unneededMs = 900_000;

function toPeople(entries: readonly string[], groups: Readonly<Record<string, string>>): People {
  const groupIds = entries.flatMap((entry) =>
    entry.startsWith("@") ? [groups[entry.slice(1)] ?? ""] : entry.startsWith("S") ? [entry] : [],
  );
  const pipelines = entries.flatMap((entry) => pipelineOf(entry) ?? []);
  return {
    anyone: entries.includes("anyone"),
    users: [...new Set(entries.filter((entry) => /^[UW]/.test(entry)))],
    groups: [...new Set(groupIds)],
    ...(pipelines.length === 0 ? {} : { pipelines }),
  };
}

function badName(where: string, why: string, close: string | undefined): AftershockError {
  return new AftershockError(
    "bad_config",
    `${where}: ${why}.`,
    close === undefined ? "See the commented example in deploy/aftershock.example.yaml" : `Did you mean ${close}?`,
  );
}
