import type { RunState } from "../../run/lifecycle.ts";
import type {
  ExpectedHypothesis,
  ExpectedLoss,
  GameDayEventBody,
  NoteSource,
  PlannedItem,
  RoleName,
  RunResult,
  VoteValue,
} from "../events.ts";

/** An item before it has its number. */
export type NewItem = Omit<PlannedItem, "id" | "isExtra">;

/**
 * What can be done in a game day. `by` is a person; whether they may do such a thing at all was decided before
 * (src/approvals). From `run-requested` on it is what became of a run, seen by the bot.
 */
export type Act =
  | { kind: "add"; by: string; item: NewItem }
  | { kind: "start"; by: string }
  | { kind: "join"; by: string }
  | { kind: "leave"; by: string }
  /** `take-over`: they know that somebody has it. */
  | { kind: "role"; by: string; user: string; role: RoleName; intent: "take" | "take-over" }
  | { kind: "ask-ready"; by: string }
  | { kind: "ready"; by: string; answer: "ready" | "not-ready"; reason: string | null }
  /** `item`: another than the next of the agenda. */
  | { kind: "next"; by: string; item: number | null }
  | { kind: "vote"; by: string; item: number | null; vote: VoteValue; reason: string | null }
  | { kind: "skip"; by: string; item: number | null; reason: string | null }
  | {
      kind: "predict";
      by: string;
      item: number | null;
      hypothesis: ExpectedHypothesis | null;
      loss: ExpectedLoss | null;
      /** Of the item's run now, which may be ahead of what was told. */
      runState: RunState | null;
    }
  | { kind: "see"; by: string }
  | {
      kind: "note";
      by: string;
      text: string;
      source: NoteSource;
      link: string | null;
      author: string | null;
      key: string | null;
    }
  | { kind: "pause"; by: string; reason: string | null }
  | { kind: "resume"; by: string }
  | { kind: "end"; by: string; reason: string | null }
  | { kind: "run-requested"; item: number; run: string; state: RunState }
  | { kind: "run-refused"; item: number; reason: string; hint: string }
  | { kind: "run-attached"; by: string; item: NewItem; run: string; state: RunState }
  | { kind: "run-moved"; run: string; state: RunState }
  | { kind: "run-ended"; run: string; result: RunResult }
  | { kind: "halted"; by: string; reason: string | null; halt: string }
  | { kind: "halt-lifted"; by: string; halt: string }
  /** The workspace says that this person's account is closed. */
  | { kind: "gone"; user: string };

/** The events that an act leads to (none: it is so already), or why not and what to do instead. */
export type Decision = { allowed: true; events: GameDayEventBody[] } | Refusal;

export interface Refusal {
  allowed: false;
  /** A sentence for the person. */
  message: string;
  /** What to type or do next. */
  hint: string;
}

export function events(...bodies: GameDayEventBody[]): Decision {
  return { allowed: true, events: bodies };
}

export function refuse(message: string, hint: string): Refusal {
  return { allowed: false, message, hint };
}

/** As much as one game day holds, so that its board can be read. */
export const bounds = { items: 30, people: 150, notes: 500 } as const;
