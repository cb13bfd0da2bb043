import { buildRetrospective } from "../../../src/gameday/retrospective/build.ts";
import type { Retrospective } from "../../../src/gameday/retrospective/record.ts";
import { retrospectiveMessages } from "../../../src/slack/retrospective-narrator.ts";
import { renderRetrospective } from "../../../src/slack/views/gameday/retrospective.ts";
import { lastGameDay } from "../../support/last-game-day.ts";
import { poison } from "./hostile.ts";
import type { Entry } from "./renderers.ts";

/** One with nothing in it, one as it may be, and one with more of everything than is shown. */
export function someRetrospectives(text: string): Retrospective[] {
  const made = buildRetrospective(lastGameDay());
  // What people and servers wrote; what is ours (kinds, outcomes, scores) stays.
  const hostile: Retrospective = {
    ...made,
    title: text,
    scope: text,
    endReason: text,
    items: made.items.map((item) => ({
      ...item,
      title: text,
      hypothesis: text,
      reason: text,
      because: text,
      findings: poison(item.findings, text),
      votes: item.votes.map((vote) => ({ ...vote, reason: text })),
      predictions: item.predictions.map((each) => ({ ...each, by: text })),
    })),
    actions: made.actions.map((action) => ({ ...action, title: text, owner: text })),
  };
  const many = <T>(all: readonly T[]): T[] => Array.from({ length: 12 }, () => all).flat();
  return [
    { ...made, attendance: [], items: [], timeline: [], notes: [], scores: [], actions: [], startedAt: null },
    made,
    {
      ...hostile,
      attendance: many(hostile.attendance),
      items: many(hostile.items),
      scores: many(hostile.scores),
      actions: many(hostile.actions),
    },
  ];
}

export const retrospectiveRenderers: Readonly<Record<string, Readonly<Record<string, Entry>>>> = {
  "views/gameday/retrospective.ts": {
    renderRetrospective: ({ text }) => someRetrospectives(text).map((retro) => renderRetrospective(retro, "/chaos")),
  },
  "retrospective-narrator.ts": {
    retrospectiveMessages: ({ text }) =>
      someRetrospectives(text).flatMap((retro) =>
        retrospectiveMessages(retro, "/chaos").flatMap(({ payload }) => (payload.kind === "message" ? [payload] : [])),
      ),
  },
};
