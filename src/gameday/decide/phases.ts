import type { GameDayEventBody } from "../events.ts";
import { currentItem, type GameDay } from "../state.ts";
import { bounds, events, refuse, type Act, type Decision } from "./act.ts";
import { refusalUnlessOpen } from "./agenda.ts";

type ActOf<K extends Act["kind"]> = Extract<Act, { kind: K }>;

/** Starts it, and asks everybody whether they are ready. */
export function start(day: GameDay, { by }: ActOf<"start">): Decision {
  if (day.phase !== "planned") {
    return refuse("The game day has started already.", "What comes next: /chaos gameday next");
  }
  const hasAnswers = day.people.some(({ readiness }) => readiness.kind !== "silent");
  // Who has said it while they waited has said it.
  const ask: GameDayEventBody[] = hasAnswers ? [] : [{ type: "readiness-asked", by }];
  return events({ type: "started", by }, ...ask);
}

export function pause(day: GameDay, { by, reason }: ActOf<"pause">): Decision {
  return refusalUnlessOpen(day) ?? events({ type: "paused", by, reason });
}

export function resume(day: GameDay, { by }: ActOf<"resume">): Decision {
  if (day.phase === "paused") return events({ type: "resumed", by });
  if (day.phase === "open") return refuse("The game day is not paused.", "What comes next: /chaos gameday next");
  return refusalUnlessOpen(day) ?? events();
}

/** Ends it. What has not come to its turn is skipped, so that the retrospective says so. */
export function end(day: GameDay, { by, reason }: ActOf<"end">): Decision {
  const running = day.items.find(({ state }) => state === "running");
  if (running !== undefined) {
    return refuse(
      `${running.run ?? "A run"} of item ${running.id} has not ended.`,
      `Wait for it, or stop it: /chaos abort ${running.run ?? ""}`,
    );
  }
  const on = currentItem(day);
  if (on?.state === "go" && on.refusal === null) {
    return refuse(`The run of item ${on.id} is being asked for.`, "Try again in a moment: /chaos gameday end");
  }
  const why = day.startedAt === null ? "The game day was cancelled." : "The game day ended before its turn.";
  const skipped = day.items
    .filter(({ state }) => state === "waiting" || state === "voting" || state === "go")
    .map(({ id }): GameDayEventBody => ({ type: "skipped", by, item: id, reason: why }));
  return events(...skipped, { type: "ended", by, reason });
}

export function note(day: GameDay, act: ActOf<"note">): Decision {
  const { kind: _note, key, ...said } = act;
  // One message is noted once, however many people point at it.
  if (key !== null && day.notes.some((known) => known.key === key)) return events();
  if (day.notes.length >= bounds.notes) {
    return refuse(`A game day has at most ${bounds.notes} notes.`, "Write it in the board's thread.");
  }
  return events({ type: "noted", ...said, key, item: currentItem(day)?.id ?? null });
}

export function halted(day: GameDay, { by, reason, halt }: ActOf<"halted">): Decision {
  const isKnown = day.phase === "halted" || day.phase === "planned";
  return isKnown ? events() : events({ type: "halted", by, reason, halt });
}

/** A halt that was lifted leaves it paused: the commander says when it goes on. */
export function haltLifted(day: GameDay, { by, halt }: ActOf<"halt-lifted">): Decision {
  return day.phase === "halted" ? events({ type: "halt-lifted", by, halt }) : events();
}
