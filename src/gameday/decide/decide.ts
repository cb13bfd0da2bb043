import { apply } from "../reduce.ts";
import { commanderOf, type GameDay, type Item } from "../state.ts";
import { outcomeOf } from "../vote.ts";
import { bounds, refuse, type Act, type Decision, type Refusal } from "./act.ts";
import { add, next, predict, see, skip, vote } from "./agenda.ts";
import { askReady, gone, join, leave, ready, role } from "./people.ts";
import { end, halted, haltLifted, note, pause, resume, start } from "./phases.ts";
import { runAttached, runEnded, runMoved, runRefused, runRequested } from "./runs.ts";

type ActOf<K extends Act["kind"]> = Extract<Act, { kind: K }>;
type Decider<A extends Act> = (day: GameDay, act: A) => Decision;

const deciders: { readonly [K in Act["kind"]]: Decider<ActOf<K>> } = {
  add,
  start,
  join,
  leave,
  role,
  "ask-ready": askReady,
  ready,
  next,
  vote,
  skip,
  predict,
  see,
  note,
  pause,
  resume,
  end,
  "run-requested": runRequested,
  "run-refused": runRefused,
  "run-attached": runAttached,
  "run-moved": runMoved,
  "run-ended": runEnded,
  halted,
  "halt-lifted": haltLifted,
  gone,
};

/** Only these are for whoever commands. */
const commandersOnly: ReadonlySet<Act["kind"]> = new Set([
  "add",
  "start",
  "ask-ready",
  "next",
  "skip",
  "pause",
  "resume",
  "end",
]);

/** These take part as an observer by what they do. */
const joins: ReadonlySet<Act["kind"]> = new Set(["ready", "vote", "predict", "see", "note"]);

/**
 * What an act leads to in a game day as it is now. Pure, and the only place that decides it: for typed words, buttons,
 * forms, reactions, and what the bot itself has seen of runs and halts.
 */
export function decide(day: GameDay, act: Act): Decision {
  const late = refusalWhenEnded(day, act) ?? refusalUnlessCommander(day, act);
  if (late !== null) return late;
  const comes = joins.has(act.kind) && "by" in act && !day.people.some(({ userId }) => userId === act.by);
  if ((comes || act.kind === "join") && day.people.length >= bounds.people) {
    return refuse(
      `At most ${bounds.people} people take part in a game day.`,
      "Read along: the board shows everything.",
    );
  }
  const decided = (deciders[act.kind] as Decider<Act>)(day, act);
  if (!decided.allowed || decided.events.length === 0) return decided;
  const came = comes && "by" in act ? [{ type: "joined", by: act.by } as const] : [];
  return withOutcome(day, { allowed: true, events: [...came, ...decided.events] });
}

/** A vote is over by the last voice, and also when whoever was waited for has left. */
function withOutcome(day: GameDay, decided: Decision & { allowed: true }): Decision {
  const after = decided.events.reduce(
    (state, event) => apply(state, { ...event, gameDay: day.id, seq: state.seq + 1, at: day.plannedAt }),
    day,
  );
  const item = after.phase === "open" ? after.items.find(({ state }) => state === "voting") : undefined;
  const outcome = item === undefined ? null : outcomeOf(after, item);
  if (item === undefined || outcome === null) return decided;
  return { allowed: true, events: [...decided.events, { type: "decided", item: item.id, ...outcome }] };
}

function refusalWhenEnded(day: GameDay, act: Act): Decision | null {
  if (day.phase !== "ended") return null;
  // What the bot sees of runs and halts afterwards is no mistake of anybody's.
  if (!("by" in act) || act.kind === "halted" || act.kind === "halt-lifted" || act.kind === "run-attached") {
    return { allowed: true, events: [] };
  }
  return refuse(`${day.id} has ended.`, 'Plan another one: /chaos gameday plan title="…"');
}

function refusalUnlessCommander(day: GameDay, act: Act): Refusal | null {
  if (!commandersOnly.has(act.kind) || !("by" in act)) return null;
  const commander = commanderOf(day);
  if (commander === act.by) return null;
  if (commander === null) {
    return refuse("Nobody commands this game day now.", "Take the role first: /chaos gameday role commander");
  }
  return refuse(
    `That is for the commander, <@${commander}>.`,
    "Ask them. If they are gone, take over: /chaos gameday role commander --yes",
  );
}

/** `2 (Redis split-brain)`, for sentences. */
export function itemName({ id, title }: Pick<Item, "id" | "title">): string {
  return `item ${id} (${title})`;
}
