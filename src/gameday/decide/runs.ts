import { isTerminal } from "../../run/lifecycle.ts";
import type { GameDay, Item } from "../state.ts";
import { events, type Act, type Decision } from "./act.ts";
import { newItemId } from "./agenda.ts";

type ActOf<K extends Act["kind"]> = Extract<Act, { kind: K }>;

/*
 * What the bot has seen of a run. Two bots see the same, and each may be told it twice: what is known already leads to no
 * event.
 */

export function runRequested(day: GameDay, { item: id, run, state }: ActOf<"run-requested">): Decision {
  const item = day.items.find((each) => each.id === id);
  if (item === undefined || item.run !== null || itemOf(day, run) !== undefined) return events();
  return events({ type: "run-requested", item: id, run, state });
}

export function runRefused(day: GameDay, { item: id, reason, hint }: ActOf<"run-refused">): Decision {
  const item = day.items.find((each) => each.id === id);
  if (item?.state !== "go" || item.run !== null || item.refusal !== null) return events();
  return events({ type: "run-refused", item: id, reason, hint });
}

export function runAttached(day: GameDay, { by, item, run, state }: ActOf<"run-attached">): Decision {
  if (day.phase === "planned" || itemOf(day, run) !== undefined) return events();
  return events({ type: "run-attached", by, item: { ...item, id: newItemId(day), isExtra: true }, run, state });
}

export function runMoved(day: GameDay, { run, state }: ActOf<"run-moved">): Decision {
  const item = itemOf(day, run);
  if (item?.state !== "running" || item.runState === state || isTerminal(state)) return events();
  return events({ type: "run-moved", item: item.id, run, state });
}

export function runEnded(day: GameDay, { run, result }: ActOf<"run-ended">): Decision {
  const item = itemOf(day, run);
  return item?.state === "running" ? events({ type: "run-ended", item: item.id, run, result }) : events();
}

function itemOf(day: GameDay, run: string): Item | undefined {
  return day.items.find((item) => item.run === run);
}
