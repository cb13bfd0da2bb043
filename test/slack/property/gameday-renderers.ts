import type { Act, NewItem } from "../../../src/gameday/decide/act.ts";
import type { GameDayEvent, RunResult } from "../../../src/gameday/events.ts";
import { apply, reduce } from "../../../src/gameday/reduce.ts";
import { currentItem, nextItem, type GameDay, type Item } from "../../../src/gameday/state.ts";
import { narrateGameDay } from "../../../src/slack/narrate-gameday.ts";
import * as agenda from "../../../src/slack/views/gameday/agenda.ts";
import * as board from "../../../src/slack/views/gameday/board.ts";
import { boardButtons } from "../../../src/slack/views/gameday/board-buttons.ts";
import * as forms from "../../../src/slack/views/gameday/forms.ts";
import { renderInstructions } from "../../../src/slack/views/gameday/instructions.ts";
import { nextStep } from "../../../src/slack/views/gameday/next-step.ts";
import { renderGameDayEvent } from "../../../src/slack/views/gameday/thread.ts";
import * as words from "../../../src/slack/views/gameday/words.ts";
import { ana, bob, cleo, dan, playGameDay, type Play } from "../../gameday/model.ts";
import type { Entry } from "./renderers.ts";

const result: RunResult = {
  state: "completed",
  reason: null,
  verdicts: { hypothesis: "refuted", run: "completed", cleanup: "verified" },
  lost: 3,
  findings: 1,
  guard: null,
};

/** Every text of a person as it was given, and as long as an event holds. */
function itemOf(text: string): NewItem {
  const cut = text.slice(0, 900);
  return {
    experiment: "redis-split-brain",
    title: cut.slice(0, 200),
    parameters: { duration: cut.slice(0, 200) },
    profile: null,
    cluster: cut.slice(0, 64),
    hypothesis: cut,
    expect: cut,
    mayBreak: cut,
    abortWhen: cut,
  };
}

/** A game day with everything in it, played to its end: one of thirty items, with people and notes beyond what is shown. */
function played(text: string): Play {
  const cut = text.slice(0, 900);
  const item = itemOf(text);
  const play = playGameDay({
    title: cut.slice(0, 150) === "" ? "t" : cut.slice(0, 150),
    plannedFor: null,
    scope: cut,
    environment: cut.slice(0, 64),
    rule: "roles",
    mayBreak: cut,
    abortWhen: cut,
    items: Array.from({ length: 28 }, () => item),
  });
  const acts: Act[] = [
    ...Array.from({ length: 40 }, (_u, at): Act => ({ kind: "join", by: `U0${at}` })),
    { kind: "role", by: bob, user: bob, role: "operator", intent: "take" },
    { kind: "ready", by: bob, answer: "not-ready", reason: cut },
    { kind: "ready", by: dan, answer: "ready", reason: null },
    { kind: "start", by: ana },
    { kind: "ask-ready", by: ana },
    ...Array.from({ length: 20 }, (_u, at): Act => ({
      kind: "ready",
      by: `U0${at}`,
      answer: "not-ready",
      reason: cut,
    })),
    { kind: "role", by: ana, user: cleo, role: "scribe", intent: "take" },
    { kind: "next", by: ana, item: null },
    { kind: "predict", by: dan, item: null, hypothesis: "refuted", loss: "some", runState: null },
    { kind: "predict", by: bob, item: null, hypothesis: "held", loss: null, runState: null },
    { kind: "vote", by: ana, item: null, vote: "go", reason: cut },
    { kind: "vote", by: bob, item: null, vote: "go", reason: null },
    { kind: "vote", by: cleo, item: null, vote: "go", reason: null },
    { kind: "run-refused", item: 1, reason: cut, hint: cut },
    { kind: "next", by: ana, item: null },
    ...[ana, bob, cleo].map((by): Act => ({ kind: "vote", by, item: null, vote: "go", reason: cut })),
    { kind: "run-requested", item: 1, run: "run-1", state: "requested" },
    { kind: "run-attached", by: dan, item, run: "run-2", state: "requested" },
    { kind: "run-moved", run: "run-1", state: "active" },
    { kind: "see", by: dan },
    ...Array.from({ length: 8 }, (_u, at): Act => ({
      kind: "note",
      by: bob,
      text: text.slice(0, 3000) || "x",
      source: "typed",
      link: at % 2 === 0 ? "https://x.slack.com/archives/C1/p1?thread_ts=1.1&cid=C1" : cut.slice(0, 500),
      author: at % 2 === 0 ? dan : null,
      key: null,
    })),
    { kind: "run-ended", run: "run-1", result },
    {
      kind: "run-ended",
      run: "run-2",
      result: {
        ...result,
        state: "failed",
        reason: cut,
        verdicts: null,
        lost: null,
        guard: { title: cut, measured: cut, bound: cut },
      },
    },
    { kind: "next", by: ana, item: null },
    { kind: "vote", by: bob, item: null, vote: "no-go", reason: cut },
    { kind: "skip", by: ana, item: 3, reason: cut },
    { kind: "pause", by: ana, reason: cut },
    { kind: "resume", by: ana },
    { kind: "halted", by: dan, reason: cut, halt: "halt-1" },
    { kind: "halt-lifted", by: dan, halt: "halt-1" },
    { kind: "leave", by: cleo },
    { kind: "gone", user: ana },
    { kind: "role", by: dan, user: dan, role: "commander", intent: "take" },
    { kind: "end", by: dan, reason: cut },
  ];
  for (const act of acts) play.do(act);
  return play;
}

/** The game day after each of its events. */
export function gameDayStates(text: string): Array<{ day: GameDay; event: GameDayEvent }> {
  const { events } = played(text);
  const [first] = events;
  if (first === undefined) return [];
  let day = reduce({ id: "gameday-1", teamId: "T1", channelId: "C1" }, [first]);
  return events.map((event) => {
    if (event !== first) day = apply(day, event);
    return { day, event };
  });
}

/** Some of them: each phase, and each state that an item on is in. */
export function someGameDays(text: string): GameDay[] {
  const found = new Map(
    gameDayStates(text).map(({ day }) => [
      `${day.phase} ${currentItem(day)?.state ?? ""} ${nextItem(day)?.id ?? ""}`,
      day,
    ]),
  );
  return [...found.values()];
}

const items = (text: string): Array<{ day: GameDay; item: Item }> =>
  someGameDays(text).flatMap((day) => day.items.slice(0, 4).map((item) => ({ day, item })));

/** Of the files in `src/slack/views/gameday`. */
export const gameDayRenderers: Readonly<Record<string, Readonly<Record<string, Entry>>>> = {
  "views/gameday/agenda.ts": {
    agendaBlocks: ({ text }) => someGameDays(text).flatMap((day) => agenda.agendaBlocks(day, "/chaos")),
    itemCommand: ({ text }) => agenda.itemCommand(itemOf(text)),
    predictionButtons: ({ text }) => items(text).flatMap(({ day, item }) => agenda.predictionButtons(day, item)),
  },
  "views/gameday/board.ts": {
    renderBoard: ({ text }) => someGameDays(text).map((day) => board.renderBoard(day, "/chaos")),
    noteLine: ({ text }) => someGameDays(text).flatMap(({ notes }) => notes.slice(0, 3).map(board.noteLine)),
    linkText: ({ text }) => board.linkText(text),
  },
  "views/gameday/board-buttons.ts": {
    boardButtons: ({ text }) => someGameDays(text).flatMap((day) => boardButtons(day)),
  },
  "views/gameday/forms.ts": {
    formOfReason: () => [...forms.formOfReason("skip", "gameday-1").blocks],
    formOfNote: () => [...forms.formOfNote("gameday-1").blocks],
    formOfPlan: () => [...forms.formOfPlan([], []).blocks],
  },
  "views/gameday/instructions.ts": {
    renderInstructions: ({ text }) =>
      (["commander", "operator", "scribe", "observer"] as const).map((role) =>
        renderInstructions({ id: "gameday-1", title: text, channelId: text }, role, "/chaos"),
      ),
  },
  "views/gameday/next-step.ts": { nextStep: ({ text }) => someGameDays(text).map((day) => nextStep(day, "/chaos")) },
  "views/gameday/thread.ts": {
    renderGameDayEvent: ({ text }) =>
      gameDayStates(text).map(({ day, event }) => renderGameDayEvent(day, event, "/chaos")),
  },
  "views/gameday/words.ts": {
    resultText: ({ text }) => [
      words.resultText(result),
      words.resultText({ ...result, state: "failed", reason: text, verdicts: null, guard: null }),
      words.resultText({ ...result, state: "failed", guard: { title: text, measured: text, bound: text } }),
    ],
    shortText: ({ text }) => words.shortText(text),
  },
  "narrate-gameday.ts": {
    narrateGameDay: ({ text }) =>
      narrateGameDay({ id: "gameday-1", teamId: "T1", channelId: "C1" }, played(text).events, "/chaos").map(
        ({ payload }) => (payload.kind === "message" ? payload : payload.comment),
      ),
  },
};
