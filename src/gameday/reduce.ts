import { faultPossible, isTerminal, type RunState } from "../run/lifecycle.ts";
import type { GameDayEvent, PlannedItem } from "./events.ts";
import type { GameDay, GameDayIdentity, Item, Participant } from "./state.ts";

type EventOf<T extends GameDayEvent["type"]> = Extract<GameDayEvent, { type: T }>;

/** A game day from all its events, in order. Pure. Throws when the first is not `planned`, which is a mistake of ours. */
export function reduce(identity: GameDayIdentity, events: readonly GameDayEvent[]): GameDay {
  const [first, ...others] = events;
  if (first?.type !== "planned") throw new Error(`${identity.id} does not begin with being planned`);
  return others.reduce(apply, planned(identity, first));
}

function planned({ id, teamId, channelId }: GameDayIdentity, event: EventOf<"planned">): GameDay {
  const { by, at, seq, title, plannedFor, scope, environment, rule, mayBreak, abortWhen } = event;
  return {
    id,
    teamId,
    channelId,
    seq,
    phase: "planned",
    title,
    plannedFor,
    scope,
    environment,
    rule,
    mayBreak,
    abortWhen,
    plannedBy: by,
    plannedAt: at,
    startedAt: null,
    endedAt: null,
    endedBy: null,
    endReason: null,
    held: null,
    people: [],
    former: [],
    readinessAskedAt: null,
    items: [],
    notes: [],
  };
}

/** The game day after one more event. */
export function apply(before: GameDay, event: GameDayEvent): GameDay {
  const day: GameDay = { ...before, seq: event.seq };
  const { at } = event;
  switch (event.type) {
    case "planned":
    case "unreadable":
      return day;
    case "item-added":
      return { ...day, items: [...day.items, fresh(event.item)] };
    case "started":
      return { ...day, phase: "open", startedAt: at };
    case "joined":
      return withPerson(day, event.by, at, (person) => person);
    case "left": {
      const leaving = day.people.find(({ userId }) => userId === event.by);
      if (leaving === undefined) return day;
      const { userId, role } = leaving;
      return {
        ...day,
        people: day.people.filter((person) => person !== leaving),
        former: [...day.former.filter((person) => person.userId !== userId), { userId, role, at, why: event.why }],
      };
    }
    case "role-taken": {
      const relieved = day.people.map((person) =>
        person.userId === event.from ? { ...person, role: "observer" as const } : person,
      );
      const { role } = event;
      return withPerson({ ...day, people: relieved }, event.user, at, (person) => ({ ...person, role }));
    }
    case "readiness-asked": {
      const people = day.people.map((person) => ({ ...person, readiness: { kind: "silent" as const } }));
      return { ...day, people, readinessAskedAt: at };
    }
    case "readiness-said": {
      const { isReady, reason } = event;
      const readiness = isReady ? { kind: "ready" as const, at } : { kind: "not-ready" as const, reason, at };
      return withPerson(day, event.by, at, (person) => ({ ...person, readiness }));
    }
    case "effect-seen":
      return withItem(day, event.item, (item) => ({ ...item, seen: item.seen ?? { by: event.by, at } }));
    case "noted": {
      const { seq, by, text, source, link, author, key, item } = event;
      return { ...day, notes: [...day.notes, { seq, by, at, text, source, link, author, key, item }] };
    }
    case "paused":
      return { ...held(day), phase: "paused", held: { by: event.by, reason: event.reason, at, halt: null } };
    case "halted":
      return { ...held(day), phase: "halted", held: { by: event.by, reason: event.reason, at, halt: event.halt } };
    case "halt-lifted":
      return { ...day, phase: "paused", held: { by: event.by, reason: "the halt is lifted", at, halt: null } };
    case "resumed":
      return { ...day, phase: "open", held: null };
    case "ended":
      return { ...day, phase: "ended", endedAt: at, endedBy: event.by, endReason: event.reason, held: null };
    default:
      return applyToItem(day, event);
  }
}

/** What is about one item of the agenda and changes it. */
export type ItemEvent = EventOf<
  | "item-put"
  | "voted"
  | "decided"
  | "skipped"
  | "predicted"
  | "run-requested"
  | "run-refused"
  | "run-attached"
  | "run-moved"
  | "run-ended"
>;

/** What happens with one item of the agenda. */
function applyToItem(day: GameDay, event: ItemEvent): GameDay {
  const { at } = event;
  switch (event.type) {
    case "item-put":
      return withItem(day, event.item, (item) => ({ ...unvoted(item), state: "voting", putBy: event.by }));
    case "voted": {
      const { by, vote, reason } = event;
      return withItem(day, event.item, (item) => ({
        ...item,
        votes: [...item.votes.filter((each) => each.by !== by), { by, vote, reason, at }],
      }));
    }
    case "decided":
      return withItem(day, event.item, (item) => ({
        ...item,
        state: event.vote,
        decidedAt: at,
        reason: event.vote === "go" ? null : event.reason,
      }));
    case "skipped":
      return withItem(day, event.item, (item) => ({ ...item, state: "skipped", reason: event.reason, endedAt: at }));
    case "predicted": {
      const { by, hypothesis, loss } = event;
      return withItem(day, event.item, (item) => ({
        ...item,
        predictions: [...item.predictions.filter((each) => each.by !== by), { by, hypothesis, loss, at }],
      }));
    }
    case "run-requested":
      return withItem(day, event.item, (item) => running(item, event.run, event.state, at));
    case "run-attached":
      return { ...day, items: [...day.items, running(fresh(event.item), event.run, event.state, at)] };
    case "run-refused": {
      const { reason, hint } = event;
      return withItem(day, event.item, (item) => ({ ...item, refusal: { reason, hint } }));
    }
    case "run-moved":
      return withItem(day, event.item, (item) => running(item, event.run, event.state, at));
    case "run-ended":
      return withItem(day, event.item, (item) => ({
        ...running(item, event.run, event.result.state, at),
        state: "done",
        result: event.result,
        endedAt: at,
      }));
  }
}

function fresh(item: PlannedItem): Item {
  return {
    ...item,
    state: "waiting",
    reason: null,
    putBy: null,
    votes: [],
    decidedAt: null,
    refusal: null,
    run: null,
    runState: null,
    predictions: [],
    predictionsClosedAt: null,
    seen: null,
    result: null,
    endedAt: null,
  };
}

/** True once a fault may be there, or the run is over: what is said then is no prediction. */
export function isTooLateToPredict(state: RunState): boolean {
  return faultPossible(state) || state === "judging" || isTerminal(state);
}

function running(item: Item, run: string, state: RunState, at: string): Item {
  const closed = item.predictionsClosedAt ?? (isTooLateToPredict(state) ? at : null);
  return { ...item, state: "running", run, runState: state, refusal: null, predictionsClosedAt: closed };
}

/** A vote that is over without its run is none: after a pause it is put again. */
function held(day: GameDay): GameDay {
  const isOpen = ({ state, run }: Item): boolean => state === "voting" || (state === "go" && run === null);
  return { ...day, items: day.items.map((item) => (isOpen(item) ? unvoted(item) : item)) };
}

function unvoted(item: Item): Item {
  return { ...item, state: "waiting", votes: [], decidedAt: null, refusal: null, reason: null, putBy: null };
}

function withItem(day: GameDay, id: number, change: (item: Item) => Item): GameDay {
  return { ...day, items: day.items.map((item) => (item.id === id ? change(item) : item)) };
}

/** Changes a person; who is not there yet comes as an observer. */
function withPerson(day: GameDay, userId: string, at: string, change: (person: Participant) => Participant): GameDay {
  if (day.people.some((person) => person.userId === userId)) {
    return { ...day, people: day.people.map((person) => (person.userId === userId ? change(person) : person)) };
  }
  const person: Participant = { userId, role: "observer", joinedAt: at, readiness: { kind: "silent" } };
  return { ...day, people: [...day.people, change(person)] };
}
