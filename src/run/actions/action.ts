export type ActionState = "open" | "done" | "dropped";

/** The finding that an action answers, as the run's report had it. */
export interface FindingRef {
  id: string;
  title: string;
}

/** What somebody shall do about what was found. Moments are ISO 8601; `dueOn` is a day, `2026-12-10`, in no zone. */
export interface Action {
  /** `action-12`. */
  id: string;
  state: ActionState;
  title: string;
  owner: string;
  dueOn: string | null;
  /** The run that it came of, and its experiment; null for one that no run led to. */
  runId: string | null;
  experiment: string | null;
  finding: FindingRef | null;
  createdBy: string;
  createdAt: string;
  teamId: string;
  /** Where it is listed. */
  channelId: string;
  closedBy: string | null;
  closedAt: string | null;
  closedWhy: string | null;
}

/** What an approver is told of an action of an earlier run. */
export type ActionNote = Pick<Action, "id" | "title" | "owner" | "dueOn" | "runId">;

/** Everything that happens to an action, one append-only row of `action_events` each. */
export type ActionEventBody =
  | {
      type: "added";
      by: string;
      title: string;
      owner: string;
      dueOn: string | null;
      run: string | null;
      finding: FindingRef | null;
    }
  /** What is absent stayed as it was. */
  | { type: "changed"; by: string; title?: string; owner?: string; dueOn?: string | null }
  | { type: "done" | "dropped"; by: string; reason: string | null }
  /** Its owner is told that the day has come. */
  | { type: "reminded"; owner: string; dueOn: string };

export type ActionEvent = ActionEventBody & { action: string; seq: number; at: string };

/** `12`, `A-12` and `action-12` are the same action. */
export function normaliseActionId(typed: string): string {
  const text = typed.trim().toLowerCase();
  const number = /^(?:a-?|action-?)?(\d{1,9})$/.exec(text)?.[1];
  return number === undefined ? text : `action-${Number(number)}`;
}

export function noteOf({ id, title, owner, dueOn, runId }: Action): ActionNote {
  return { id, title, owner, dueOn, runId };
}
