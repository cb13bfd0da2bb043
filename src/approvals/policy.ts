import type { Window } from "./windows.ts";

export type Risk = "low" | "medium" | "high";

/**
 * Who is meant: everybody of the workspace, people by Slack user id, members of Slack user groups by group id, and
 * pipelines by name. "Everybody" are people: a pipeline is only meant by its own name.
 */
export interface People {
  anyone: boolean;
  users: readonly string[];
  groups: readonly string[];
  /** What asks without Slack (`aftershock run`); absent: none. */
  pipelines?: readonly string[];
}

const pipelinePrefix = "pipeline:";

/** How a pipeline is called where a person's id stands otherwise: `pipeline:nightly`. No Slack id has a colon. */
export function pipelineId(name: string): string {
  return `${pipelinePrefix}${name}`;
}

/** The name of the pipeline that is called so; null for anybody else. */
export function pipelineOf(id: string): string | null {
  return id.startsWith(pipelinePrefix) ? id.slice(pipelinePrefix.length) : null;
}

/** What a rule or a freeze is about; null stands for "whatever it is". */
export interface Match {
  environments: readonly string[] | null;
  systems: readonly string[] | null;
  experiments: readonly string[] | null;
  risks: readonly Risk[] | null;
}

/** How much a run may hit at most; null stands for "no bound". */
export interface Limits {
  namespaces: readonly string[] | null;
  maxDurationMs: number | null;
  /** No two runs on one cluster hit a primary (a leader, a master) at the same time. */
  onePrimaryAtATime: boolean;
}

/** One rule. The first that matches decides, and what none matches is denied. */
export interface Rule {
  name: string;
  match: Match;
  /** Only within one of these; null: at any time. */
  times: readonly Window[] | null;
  requesters: People;
  /** How many different people must approve; 0: none need to. Never the requester. */
  required: number;
  approvers: People;
  /** How long a request waits for its approvals, and how long they hold until the run starts. */
  expiresAfterMs: number;
  limits: Limits;
}

/** A time in which nothing that it matches may be asked for, approved, started or injected. */
export interface Freeze {
  name: string;
  match: Match;
  window: Window;
}

/** Who may do what, from the configuration. What it does not say is denied. */
export interface Policy {
  /**
   * The workspace the bot is installed in; people of other organisations in shared channels decide nothing. Null where
   * nobody acts (the worker): there every act of a person is refused.
   */
  teamId: string | null;
  /** By cluster name. */
  environments: Readonly<Record<string, string>>;
  rules: readonly Rule[];
  freezes: readonly Freeze[];
  /** Who may let runs start again after a halt. */
  resumers: People;
  /** How user groups are called in sentences, by id. */
  groupNames: Readonly<Record<string, string>>;
}

/** What somebody wants to do something to, as far as it is known. */
export interface Subject {
  /** `run-12`; null while it is only asked about. */
  id: string | null;
  /** Null while nobody has asked for it. */
  requestedBy: string | null;
  experiment: string;
  system: string;
  cluster: string;
  risk: Risk;
  /** Null before it is planned. */
  plan: { namespace: string; durationMs: number; digest: string } | null;
}

/** Who may plan and command a game day: the requesters of all rules together. */
export function conveners({ rules }: Pick<Policy, "rules">): People {
  const all = rules.map(({ requesters }) => requesters);
  return {
    anyone: all.some(({ anyone }) => anyone),
    users: [...new Set(all.flatMap(({ users }) => users))],
    groups: [...new Set(all.flatMap(({ groups }) => groups))],
  };
}

/** The environment of a cluster: as configured, or its own name. */
export function environmentOf(policy: Pick<Policy, "environments">, cluster: string): string {
  return Object.hasOwn(policy.environments, cluster) ? (policy.environments[cluster] ?? cluster) : cluster;
}

/** True when a rule or freeze is about it. */
export function isAbout(match: Match, subject: Subject, environment: string): boolean {
  const within = (wanted: readonly string[] | null, value: string): boolean => wanted?.includes(value) ?? true;
  return (
    within(match.environments, environment) &&
    within(match.systems, subject.system) &&
    within(match.experiments, subject.experiment) &&
    within(match.risks, subject.risk)
  );
}

/**
 * The simple form of a policy: one rule for everything. Anybody of the workspace may ask, `required` of `approvers` must
 * approve, an approver may resume; nothing is frozen, and a run is bounded by its experiment only.
 */
export function simplePolicy(simple: {
  teamId: string | null;
  required: number;
  approvers: readonly string[];
  expiresAfterMs: number;
}): Policy {
  const approvers: People = { anyone: false, users: simple.approvers, groups: [] };
  return {
    teamId: simple.teamId,
    environments: {},
    rules: [
      {
        name: "everything",
        match: { environments: null, systems: null, experiments: null, risks: null },
        times: null,
        requesters: { anyone: true, users: [], groups: [] },
        required: simple.required,
        approvers,
        expiresAfterMs: simple.expiresAfterMs,
        limits: { namespaces: null, maxDurationMs: null, onePrimaryAtATime: false },
      },
    ],
    freezes: [],
    resumers: approvers,
    groupNames: {},
  };
}
