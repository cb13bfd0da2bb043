import type { Explanation } from "../approvals/explain.ts";
import type { Policy } from "../approvals/policy.ts";
import type { Experiment } from "../experiment/schema.ts";
import type { RunEvent, Artifact } from "./events.ts";
import type { RunState } from "./lifecycle.ts";
import type { ParameterValue, Plan } from "./plan.ts";

/** Who acts, as Slack (or the command line) identified them. */
export interface Actor {
  userId: string;
  teamId: string;
  /** Where they act, and where a run is told (`noChannel`: nowhere in Slack). */
  channelId: string;
  /** Absent: in Slack. On the command line nobody of the workspace acts. */
  via?: "slack" | "command line";
}

/** A run as commands and cards need it. Times are ISO 8601. */
export interface RunRow {
  id: string;
  experiment: string;
  state: RunState;
  plan: Plan;
  digest: string;
  requestedBy: string;
  teamId: string;
  channelId: string;
  approvedBy: string[];
  createdAt: string;
  expiresAt: string;
  endedAt: string | null;
  abortRequestedBy: string | null;
}

export interface RunRequest {
  experiment: string;
  /** As typed: values are parsed and checked against the experiment's parameters. */
  parameters: Readonly<Record<string, string>>;
  cluster?: string;
  profile?: string;
  /** The item of an open game day that it is the run of; at most one run is. */
  gameDay?: { id: string; item: number };
}

/** What a request may choose from, besides the experiment and its parameters. */
export interface RunChoices {
  clusters: readonly string[];
  /** Where it runs when no cluster is named. */
  defaultCluster: string;
  /** Applies to experiments that have it, when no profile is named; null: none does. */
  defaultProfile: string | null;
}

/**
 * What commands may do. Every method validates, records and answers; none of them injects. All reject with
 * AftershockError for anything a person could mend.
 */
export interface RunService {
  experiments(): readonly Experiment[];
  choices(): RunChoices;
  /** Nearest match is in the error's hint. */
  experiment(name: string): Experiment;
  /** Resolves targets now and returns what would be done; records nothing. */
  plan(request: RunRequest): Promise<{ plan: Plan; digest: string }>;
  /**
   * `seen`: the digest of the plan that was looked at. When it would be another one now, nothing is asked for:
   * AftershockError `plan_changed`.
   */
  request(actor: Actor, request: RunRequest, seen?: string): Promise<RunRow>;
  /** `seen`: the beginning of the digest of the plan that was looked at; another plan is not approved by it. */
  approve(actor: Actor, runId: string, reason?: string, seen?: string): Promise<RunRow>;
  deny(actor: Actor, runId: string, reason?: string): Promise<RunRow>;
  /** Takes one's own approval back; one that was complete ends the run, if it has not started. */
  revoke(actor: Actor, runId: string, reason?: string): Promise<RunRow>;
  policy(): Policy;
  /** Why the person may or may not run it now. Checks parameters; asks no system and records nothing. */
  explain(actor: Actor, request: RunRequest): Promise<Explanation>;
  /** Ends a pending run, or asks the worker to stop and heal a running one. Anyone in the channel may. */
  abort(actor: Actor, runId: string, reason?: string): Promise<RunRow>;
  /**
   * Writes down what the person saw of a run, beside whoever conducts it. The end of a run forbids none, but its report has
   * only those from before it was made.
   */
  note(actor: Actor, runId: string, text: string): Promise<RunRow>;
  /** `run-12`, `12`, or nothing for the newest run of the channel. */
  find(channelId: string, runId?: string): Promise<RunRow>;
  recent(channelId: string, limit: number): Promise<RunRow[]>;
  /** Not yet ended, in this channel, newest first. */
  open(channelId: string): Promise<RunRow[]>;
  events(runId: string, afterSeq?: number): Promise<RunEvent[]>;
  artifact(runId: string, name: string): Promise<Artifact | null>;
  /** For mistakes: the values and type of parameters as given by the experiment. */
  parameterHelp(name: string): Array<{ name: string; default: ParameterValue; range: string; description: string }>;
}
