import type { RunState } from "../run/lifecycle.ts";
import type {
  ExpectedHypothesis,
  ExpectedLoss,
  NoteSource,
  PlannedItem,
  RoleName,
  RunResult,
  VoteRule,
  VoteValue,
} from "./events.ts";

/**
 * planned: people are invited, nothing runs. open: items go to the vote and run. paused, halted: nothing new begins.
 * ended: nothing happens any more.
 */
export type Phase = "planned" | "open" | "paused" | "halted" | "ended";

/**
 * waiting: its turn has not come. voting: go or no-go. go: decided, its run is being asked for (or was refused). running:
 * it has a run that has not ended. done: the run has ended. no-go, skipped: it did not happen, with the reason.
 */
export type ItemState = "waiting" | "voting" | "go" | "no-go" | "running" | "done" | "skipped";

export type Readiness =
  | { kind: "silent" }
  | { kind: "ready"; at: string }
  | { kind: "not-ready"; reason: string | null; at: string };

/** Somebody who takes part now. */
export interface Participant {
  userId: string;
  role: RoleName;
  joinedAt: string;
  readiness: Readiness;
}

export interface Vote {
  by: string;
  vote: VoteValue;
  reason: string | null;
  at: string;
}

export interface Prediction {
  by: string;
  hypothesis: ExpectedHypothesis | null;
  loss: ExpectedLoss | null;
  at: string;
}

/** One experiment of the agenda. Times are ISO 8601. */
export interface Item extends PlannedItem {
  state: ItemState;
  /** Why it is no-go or skipped. */
  reason: string | null;
  /** Who put it to the vote, and in whose name its run is asked for. */
  putBy: string | null;
  votes: readonly Vote[];
  decidedAt: string | null;
  /** Why its run could not be asked for; null when it could, or was not tried yet. */
  refusal: { reason: string; hint: string } | null;
  run: string | null;
  runState: RunState | null;
  /** One of each person, their last. */
  predictions: readonly Prediction[];
  /** When the fault began or the run ended without one: nothing is predicted any more. */
  predictionsClosedAt: string | null;
  seen: { by: string; at: string } | null;
  result: RunResult | null;
  endedAt: string | null;
}

export interface Note {
  /** The event's number: one note's name in its game day. */
  seq: number;
  by: string;
  at: string;
  text: string;
  source: NoteSource;
  link: string | null;
  author: string | null;
  key: string | null;
  item: number | null;
}

/** A game day as its events tell it. Times are ISO 8601. */
export interface GameDay {
  id: string;
  teamId: string;
  channelId: string;
  /** Number of the last event it was made from. */
  seq: number;
  phase: Phase;
  title: string;
  plannedBy: string;
  plannedAt: string;
  plannedFor: string | null;
  scope: string | null;
  environment: string | null;
  rule: VoteRule;
  mayBreak: string | null;
  abortWhen: string | null;
  startedAt: string | null;
  endedAt: string | null;
  endedBy: string | null;
  endReason: string | null;
  /** What holds it, while it is paused or halted. */
  held: { by: string; reason: string | null; at: string; halt: string | null } | null;
  people: readonly Participant[];
  /** Who was there and has left, with their last role. */
  former: ReadonlyArray<{ userId: string; role: RoleName; at: string; why: "left" | "deactivated" }>;
  readinessAskedAt: string | null;
  items: readonly Item[];
  notes: readonly Note[];
}

/** Where a game day is and what it is called in the database, which no event repeats. */
export type GameDayIdentity = Pick<GameDay, "id" | "teamId" | "channelId">;

/** Whoever has the role now; several can be operators, scribes and observers. */
export function holders(day: Pick<GameDay, "people">, role: RoleName): string[] {
  return day.people.filter((each) => each.role === role).map(({ userId }) => userId);
}

/** The one who decides what comes next; null: nobody has that role now. */
export function commanderOf(day: Pick<GameDay, "people">): string | null {
  return holders(day, "commander")[0] ?? null;
}

/** The item that is on now: at the vote, about to run, or running because it was next. Null: none is. */
export function currentItem(day: Pick<GameDay, "items">): Item | null {
  const isOn = ({ state }: Item): boolean => state === "voting" || state === "go" || state === "running";
  // One whose run was refused waits for another try; meanwhile another item may be at the vote, or run.
  const isHeld = (item: Item): boolean => isOn(item) && item.refusal === null;
  const planned = day.items.filter(({ isExtra }) => !isExtra);
  return planned.find(isHeld) ?? planned.find(isOn) ?? day.items.find(isOn) ?? null;
}

/** The first of the agenda whose turn has not come. */
export function nextItem(day: Pick<GameDay, "items">): Item | null {
  return day.items.find(({ state }) => state === "waiting") ?? null;
}
