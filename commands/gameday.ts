import { AftershockError } from "../src/errors.ts";
import { nearest } from "../src/experiment/nearest.ts";
import { content, note, section } from "../src/slack/limits.ts";
import { renderBoard } from "../src/slack/views/gameday/board.ts";
import { buttonRow } from "../src/slack/views/button.ts";
import type { Reply, Verb, VerbContext } from "../src/slack/verb.ts";
import * as agenda from "./gameday/agenda.ts";
import * as notes from "./gameday/notes.ts";
import * as people from "./gameday/people.ts";
import * as phases from "./gameday/phases.ts";
import * as planning from "./gameday/planning.ts";
import * as retro from "./gameday/retro.ts";
import type { Word } from "./gameday/word.ts";

const status: Word = {
  name: "status",
  usage: "[GAMEDAY]",
  run: async ({ words }, context) => show(context, words[0]),
};

const words: readonly Word[] = [
  ...planning.words,
  ...people.words,
  ...phases.words,
  ...agenda.words,
  ...notes.words,
  ...retro.words,
  status,
];

/** `/chaos gameday WORD …`: a session in this channel. Its words are in `commands/gameday/`. */
export const verb: Verb = {
  name: "gameday",
  usage: `[${words.map(({ name }) => name).join("|")} …]`,
  options: "any",
  flags: ["yes"],
  summary: "A session of several people: roles, an agenda, go or no-go, predictions and notes, on one board",
  examples: [
    "gameday",
    'gameday plan title="Autumn game day" agenda="redis-split-brain duration=30s; etcd-quorum-loss"',
    'gameday add etcd-quorum-loss expect="writes stop for 30 s"',
    "gameday start",
    "gameday join",
    "gameday role operator",
    "gameday ready",
    "gameday ready no the dashboards are down",
    "gameday next",
    "gameday vote go",
    "gameday vote no-go the backup failed",
    "gameday predict refuted some",
    "gameday see",
    "gameday note latency is up on checkout",
    "gameday skip no time",
    "gameday pause lunch",
    "gameday resume",
    "gameday end",
    "gameday retro",
  ],
  run: async (line, context) => {
    const [typed, ...tokens] = line.tokens;
    if (typed === undefined) return show(context);
    const word = words.find(({ name }) => name === typed.toLowerCase());
    if (word === undefined) throw unknownWord(typed);
    // The first of the words is the one that chose what to do.
    return word.run({ ...line, words: line.words.slice(1), tokens }, context);
  },
  buttons: {
    ...planning.buttons,
    ...people.buttons,
    ...phases.buttons,
    ...agenda.buttons,
    ...notes.buttons,
  },
  messages: notes.messages,
  modals: { ...planning.modals, ...notes.modals },
};

/** The board, for whoever asks; where there is none, how to plan one. */
async function show({ gameDays, actor, command }: VerbContext, id?: string): Promise<Reply> {
  if (id !== undefined) return renderBoard(await gameDays.find(actor.channelId, id), command);
  const open = await gameDays.open(actor.channelId);
  if (open !== null) return renderBoard(open, command);
  const text = "There is no game day in this channel now.";
  return content(text, [
    section(
      `${text}\nA game day is a session: people take roles, an agenda of experiments goes to the vote one by one, and everybody writes down what they see.`,
    ),
    ...buttonRow("gameday", [{ action: "gameday-plan", text: "Plan one…", value: "plan", style: "primary" }]),
    note(`In text: \`${command} gameday plan title="Autumn game day" agenda="redis-split-brain; etcd-quorum-loss"\``),
  ]);
}

function unknownWord(typed: string): AftershockError {
  const names = words.map(({ name }) => name);
  const close = nearest(typed, names);
  return new AftershockError(
    "bad_command",
    `gameday knows no "${typed}".`,
    close === undefined ? `It knows ${names.join(", ")}.` : `Did you mean /chaos gameday ${close}?`,
  );
}
