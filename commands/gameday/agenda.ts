import { AftershockError } from "../../src/errors.ts";
import { nearest } from "../../src/experiment/nearest.ts";
import {
  expectedHypotheses,
  expectedLosses,
  type ExpectedHypothesis,
  type ExpectedLoss,
} from "../../src/gameday/events.ts";
import { formOfReason } from "../../src/slack/views/gameday/forms.ts";
import type { ButtonHandler, Reply, VerbContext } from "../../src/slack/verb.ts";
import { done, itemNumber, sentence } from "./say.ts";
import type { Word } from "./word.ts";

const next: Word = {
  name: "next",
  usage: "[ITEM]",
  run: async ({ words }, { gameDays, actor }) =>
    done(
      await gameDays.act(actor, { kind: "next", item: itemNumber(words[0]) }),
      "It is at the vote; the board shows who has voted.",
      "Vote yourself: `/chaos gameday vote go`",
    ),
};

const vote: Word = {
  name: "vote",
  usage: "go|no-go [why]",
  run: async ({ tokens }, { gameDays, actor }) => {
    const [typed = "", ...why] = tokens;
    const value = /^go$/i.test(typed) ? "go" : /^no-?go$/i.test(typed) ? "no-go" : null;
    if (value === null) {
      throw new AftershockError("bad_command", "A vote is go or no-go.", "For example: /chaos gameday vote go");
    }
    return done(
      await gameDays.act(actor, { kind: "vote", item: null, vote: value, reason: sentence(why) }),
      `Noted: ${value}.`,
    );
  },
};

const skip: Word = {
  name: "skip",
  usage: "[ITEM] why",
  run: async ({ tokens }, { gameDays, actor }) => {
    const [first = "", ...rest] = tokens;
    const numbered = /^#?\d{1,3}$/.test(first);
    const item = numbered ? itemNumber(first) : null;
    const reason = sentence(numbered ? rest : tokens);
    return done(await gameDays.act(actor, { kind: "skip", item, reason }), "Skipped; the board says why.");
  },
};

const see: Word = {
  name: "see",
  usage: "",
  run: async (_line, { gameDays, actor }) =>
    done(await gameDays.act(actor, { kind: "see" }), "Noted: you are the first to see it."),
};

const predict: Word = {
  name: "predict",
  usage: "held|refuted|no-idea [none|some] [item=N]",
  options: "any",
  run: async ({ words, options }, context) => {
    const { item: typed, ...others } = options;
    const [unknown] = Object.keys(others);
    if (unknown !== undefined) {
      throw new AftershockError("bad_parameter", `predict does not take "${unknown}".`, "It takes item=2");
    }
    const item = itemNumber(typed);
    if (words.length === 0) throw notSaid(undefined);
    for (const word of words) expectation(word);
    let answer: Reply = { text: "", blocks: [] };
    for (const word of words) answer = await expect(context, item, word);
    return answer;
  },
};

/** One word of a prediction. Throws AftershockError `bad_command` for anything else. */
function expectation(word: string): { hypothesis: ExpectedHypothesis | null; loss: ExpectedLoss | null } {
  const hypothesis = expectedHypotheses.find((each) => each === word) ?? null;
  const loss = expectedLosses.find((each) => each === word) ?? null;
  if (hypothesis === null && loss === null) throw notSaid(word);
  return { hypothesis, loss };
}

function notSaid(word: string | undefined): AftershockError {
  const close = word === undefined ? undefined : nearest(word, [...expectedHypotheses, ...expectedLosses]);
  return new AftershockError(
    "bad_command",
    word === undefined ? "predict needs to know what you expect." : `"${word}" is nothing that can be predicted.`,
    close === undefined
      ? "The hypothesis: held, refuted or no-idea. Acknowledged writes lost: none or some. For example: /chaos gameday predict refuted some"
      : `Did you mean ${close}?`,
  );
}

async function expect(
  { gameDays, actor }: VerbContext,
  item: number | null,
  word: string,
  seen?: string,
): Promise<Reply> {
  const act = { kind: "predict", item, ...expectation(word) } as const;
  return done(
    await gameDays.act(actor, act, seen),
    "Noted. It can be changed until the fault begins, and is scored afterwards.",
  );
}

export const words: readonly Word[] = [next, vote, skip, see, predict];

export const buttons: Readonly<Record<string, ButtonHandler>> = {
  "gameday-next": async (id, { gameDays, actor }) => void (await gameDays.act(actor, { kind: "next", item: null }, id)),
  "gameday-go": async (value, { gameDays, actor }) => {
    const { id, item } = itemOf(value);
    await gameDays.act(actor, { kind: "vote", item, vote: "go", reason: null }, id);
  },
  "gameday-no-go": async (value, { surfaces }) => surfaces.openModal(formOfReason("no-go", value)),
  "gameday-skip": async (value, { surfaces }) => surfaces.openModal(formOfReason("skip", value)),
  "gameday-see": async (value, { gameDays, actor }) =>
    void (await gameDays.act(actor, { kind: "see" }, itemOf(value).id)),
  "gameday-predict": async (value, context) => {
    const { id, item, more = "" } = itemOf(value);
    return expect(context, item, more, id);
  },
};

/** `gameday-1|2|held`, as a button has it. */
export function itemOf(value: string): { id: string; item: number | null; more?: string } {
  const [id = "", item, more] = value.split("|");
  return { id, item: itemNumber(item), ...(more === undefined ? {} : { more }) };
}
