import type { ButtonHandler } from "../../src/slack/verb.ts";
import { done, said, sentence } from "./say.ts";
import type { Word } from "./word.ts";

const start: Word = {
  name: "start",
  usage: "",
  run: async (_line, { gameDays, actor }) =>
    done(
      await gameDays.act(actor, { kind: "start" }),
      "The game day has started.",
      "The first experiment goes to the vote by `/chaos gameday next`",
    ),
};

const pause: Word = {
  name: "pause",
  usage: "[why]",
  run: async ({ tokens }, { gameDays, actor }) =>
    done(
      await gameDays.act(actor, { kind: "pause", reason: sentence(tokens) }),
      "The game day is paused. What runs goes on; nothing new begins.",
      "Go on: `/chaos gameday resume`. To stop what runs: `/chaos abort`",
    ),
};

const resume: Word = {
  name: "resume",
  usage: "",
  run: async (_line, { gameDays, actor }) =>
    done(
      await gameDays.act(actor, { kind: "resume" }),
      "The game day goes on.",
      "What comes next: `/chaos gameday next`",
    ),
};

/** The same as `/chaos halt`: it stops everything everywhere, and the game day with it. */
const halt: Word = {
  name: "halt",
  usage: "[why]",
  run: async ({ tokens }, { gameDays, halts, actor }) => {
    const { stopped } = await halts.halt(actor, tokens.join(" ") || undefined);
    const day = await gameDays.halted(actor.channelId);
    const runs =
      stopped === 0
        ? "Nothing ran that was not stopped already."
        : `${stopped} ${stopped === 1 ? "run is" : "runs are"} being stopped and healed.`;
    return said(
      `Everything is halted${day === null ? "" : `, and ${day.id} with it`}. ${runs}`,
      "Whoever may (`/chaos policy`) lifts it by `/chaos resume`; then the commander resumes by `/chaos gameday resume`",
    );
  },
};

const end: Word = {
  name: "end",
  usage: "[why]",
  run: async ({ tokens }, { gameDays, actor }) =>
    done(await gameDays.act(actor, { kind: "end", reason: sentence(tokens) }), "The game day has ended."),
};

export const words: readonly Word[] = [start, pause, resume, halt, end];

export const buttons: Readonly<Record<string, ButtonHandler>> = {
  "gameday-start": async (id, { gameDays, actor }) => void (await gameDays.act(actor, { kind: "start" }, id)),
  "gameday-resume": async (id, { gameDays, actor }) => void (await gameDays.act(actor, { kind: "resume" }, id)),
};
