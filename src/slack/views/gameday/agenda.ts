import type { KnownBlock } from "@slack/types";
import { currentItem, type GameDay, type Item } from "../../../gameday/state.ts";
import { scorePredictions } from "../../../gameday/score.ts";
import { missingVotes } from "../../../gameday/vote.ts";
import { escapeText, section } from "../../limits.ts";
import { people, person, stateWords } from "../words.ts";
import { buttonRow } from "../button.ts";
import { hypothesisWords, itemWords, lossWords, resultText, shortText } from "./words.ts";

/** The agenda in its order: what was and what will be in a line each, what is on now with everything about it. */
export function agendaBlocks(day: GameDay, command: string): KnownBlock[] {
  if (day.items.length === 0) {
    return [section(`*Agenda*: nothing on it yet. Add to it: \`${command} gameday add EXPERIMENT\``)];
  }
  const on = currentItem(day);
  let room = roomForDetails;
  return day.items.map((item, at) => {
    const title = at === 0 ? "*Agenda*\n" : "";
    if (item === on) return section(`${title}${fullText(day, item)}`);
    const details = detailLines(item).join("\n");
    room -= details.length;
    return section(`${title}${lineText(item)}${details === "" || room < 0 ? "" : `\n${details}`}`);
  });
}

/** Of what is planned for items whose turn has not come, as much as leaves room for the rest of the board. */
const roomForDetails = 4500;

/** What is typed for the run of an item, without the command. */
export function itemCommand({ experiment, parameters }: Pick<Item, "experiment" | "parameters">): string {
  const typed = Object.entries(parameters).map(([name, value]) => `${name}=${value}`);
  return shortText([experiment, ...typed].join(" "));
}

function lineText(item: Item): string {
  const { icon, text } = itemWords[item.state];
  const head = `${icon} ${item.id}. *${escapeText(item.title)}*${item.isExtra ? " (not planned)" : ""}`;
  switch (item.state) {
    case "waiting":
      return `${head}: ${text} · \`${itemCommand(item)}\``;
    case "no-go":
    case "skipped":
      return `${head}: ${text}${item.reason === null ? "" : `, ${shortText(item.reason)}`}`;
    case "done":
      return `${head}, ${item.run ?? ""}: ${item.result === null ? text : resultText(item.result)}`;
    default:
      return `${head}, ${item.run ?? ""}: ${item.runState === null ? text : stateWords[item.runState].text}`;
  }
}

/** What is said of it besides, where there is room. */
function detailLines(item: Item): string[] {
  if (item.state === "done") return scoreLines(item);
  if (item.state === "waiting") return [...plannedLines(item), ...predictionLines(item)];
  return item.state === "running" ? predictionLines(item) : [];
}

function fullText(day: GameDay, item: Item): string {
  const { icon, text } = itemWords[item.state];
  const state = item.runState === null ? text : `${item.run ?? ""}, ${stateWords[item.runState].text}`;
  const votes = item.votes.map(
    ({ by, vote, reason }) =>
      `${vote === "go" ? ":+1:" : ":-1:"} ${person(by)}${reason === null ? "" : ` (${shortText(reason)})`}`,
  );
  const missing = item.state === "voting" ? missingVotes(day, item) : [];
  return [
    `${icon} ${item.id}. *${escapeText(item.title)}*${item.isExtra ? " (not planned)" : ""}: *${state}* · \`${itemCommand(item)}\``,
    ...plannedLines(item),
    ...(votes.length + missing.length === 0
      ? []
      : [[...votes, ...(missing.length === 0 ? [] : [`waiting for ${people(missing)}`])].join(" · ")]),
    ...predictionLines(item),
    ...(item.seen === null ? [] : [`:eyes: An effect was first seen by ${person(item.seen.by)}`]),
  ].join("\n");
}

function plannedLines({ hypothesis, expect, mayBreak, abortWhen }: Item): string[] {
  return [
    ...(hypothesis === "" ? [] : [`> Hypothesis: ${shortText(hypothesis, 400)}`]),
    ...(expect === null ? [] : [`> Expected: ${shortText(expect, 300)}`]),
    ...(mayBreak === null ? [] : [`> May break: ${shortText(mayBreak, 300)}`]),
    ...(abortWhen === null ? [] : [`> Stops when: ${shortText(abortWhen, 300)}`]),
  ];
}

/** How many expect what; who it was is told when it is over, so that nobody follows the others. */
function predictionLines({ predictions, predictionsClosedAt }: Item): string[] {
  if (predictions.length === 0) return [];
  const counts = (words: readonly string[]): string =>
    [...new Set(words)].map((word) => `${word} ${words.filter((each) => each === word).length}`).join(", ");
  const hypotheses = predictions.flatMap(({ hypothesis }) =>
    hypothesis === null ? [] : [hypothesisWords[hypothesis]],
  );
  const losses = predictions.flatMap(({ loss }) => (loss === null ? [] : [lossWords[loss]]));
  const said = [counts(hypotheses), counts(losses)].filter((text) => text !== "").join(" · ");
  return [`:crystal_ball: ${predictionsClosedAt === null ? "Predicted so far" : "Predicted, closed now"}: ${said}`];
}

function scoreLines(item: Item): string[] {
  const scored = scorePredictions(item);
  if (scored.length === 0) return [];
  const right = scored.filter(({ hypothesis }) => hypothesis === "right").map(({ by }) => by);
  const wrong = scored.filter(({ hypothesis }) => hypothesis === "wrong").map(({ by }) => by);
  const open = scored.some(({ hypothesis }) => hypothesis === "unknown");
  if (open)
    return [
      `:crystal_ball: ${scored.length} predicted it; the run says neither held nor refuted, so nobody is right or wrong`,
    ];
  return [`:crystal_ball: predicted right: ${people(right)} · wrong: ${people(wrong)}`];
}

/** What is expected of the item that is next or on, as buttons, until its fault begins. */
export function predictionButtons(day: Pick<GameDay, "id">, item: Item): KnownBlock[] {
  const value = (said: string): string => `${day.id}|${item.id}|${said}`;
  return buttonRow(`predict:${day.id}:${item.id}`, [
    { action: "gameday-predict", text: `Item ${item.id}: hypothesis holds`, value: value("held") },
    { action: "gameday-predict", text: "is refuted", value: value("refuted") },
    { action: "gameday-predict", text: "No idea", value: value("no-idea") },
    { action: "gameday-predict", text: "Nothing lost", value: value("none") },
    { action: "gameday-predict", text: "Writes lost", value: value("some") },
  ]);
}
