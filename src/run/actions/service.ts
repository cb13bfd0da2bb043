import type { Finding } from "../../findings/report.ts";
import type { Actor } from "../service.ts";
import type { Action, ActionEvent } from "./action.ts";

/** As typed; what is checked is said of each by `AftershockError`. */
export interface NewActionRequest {
  /** Null: of no run. */
  runId: string | null;
  title: string;
  /** A Slack id or a mention; null: of who adds it. */
  owner: string | null;
  /** `2026-12-10`; null: no day. */
  dueOn: string | null;
  /** The id of a finding of that run; null: of none. */
  findingId: string | null;
}

export interface ActionChange {
  title?: string;
  owner?: string;
  /** Null or `none`: no day. */
  dueOn?: string | null;
}

/** Open actions: those that are shown, how many there are, and what time it is by PostgreSQL's clock (ISO 8601). */
export interface OpenActions {
  actions: Action[];
  count: number;
  at: string;
}

/**
 * What people may do about actions. Records and answers; who must know is told by a narrator. Rejects with AftershockError
 * for anything a person could mend. Who may: the acts `add-action` and `tend-action` of src/approvals/authorise.ts.
 */
export interface ActionService {
  /** Of one channel, of one experiment's runs, of one owner, or all: what is due first, at most `limit`. */
  open(filter: { channelId?: string; experiment?: string; owner?: string }, limit: number): Promise<OpenActions>;
  /** With everything that happened to it, and PostgreSQL's time. */
  find(typed: string): Promise<{ action: Action; events: ActionEvent[]; at: string }>;
  /** The run, and what it found; none: it has no report (yet). For the form. */
  findings(runId: string): Promise<{ runId: string; findings: readonly Finding[] }>;
  add(actor: Actor, request: NewActionRequest): Promise<Action>;
  change(actor: Actor, typed: string, change: ActionChange): Promise<Action>;
  done(actor: Actor, typed: string, why: string | null): Promise<Action>;
  drop(actor: Actor, typed: string, why: string | null): Promise<Action>;
}
