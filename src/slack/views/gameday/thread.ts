import { roles, type GameDayEvent } from "../../../gameday/events.ts";
import type { ItemEvent } from "../../../gameday/reduce.ts";
import { currentItem, holders, type GameDay, type Item } from "../../../gameday/state.ts";
import { missingVotes } from "../../../gameday/vote.ts";
import { isTerminal } from "../../../run/lifecycle.ts";
import { content, escapeText, section, type MessageContent } from "../../limits.ts";
import { escapeReason } from "../card.ts";
import { people, person, stateWords } from "../words.ts";
import { itemCommand } from "./agenda.ts";
import { linkText } from "./board.ts";
import { resultText, roleWords, ruleWords, shortText } from "./words.ts";

/**
 * What is said in the board's thread about one event; null: nothing. `day` is the game day as it was right after it, so
 * that what was said stays said.
 */
export function renderGameDayEvent(day: GameDay, event: GameDayEvent, command: string): MessageContent | null {
  const text = textOf(day, event, command);
  return text === null ? null : content(text, [section(text)]);
}

function textOf(day: GameDay, event: GameDayEvent, command: string): string | null {
  switch (event.type) {
    case "planned":
      return `:calendar: ${person(event.by)} planned the game day *${escapeText(event.title)}*. Go or no-go: ${ruleWords[event.rule]}.`;
    case "item-added":
      return `:heavy_plus_sign: Item ${event.item.id}: *${escapeText(event.item.title)}*, \`${itemCommand(event.item)}\``;
    case "started":
      return startedText(day, event.by, command);
    case "joined":
      return `:wave: ${person(event.by)} takes part.`;
    case "left": {
      const what = event.why === "left" ? "has left" : "has no account here any more";
      const had = day.former.find(({ userId }) => userId === event.by)?.role ?? "observer";
      if (had === "observer") return `:dash: ${person(event.by)} ${what}.`;
      return had === "commander"
        ? `:rotating_light: ${person(event.by)} commanded this game day and ${what}. ${waitingFor(day)}One of you takes over, in the channel: \`${command} gameday role commander\``
        : `:dash: ${person(event.by)} was ${had} and ${what}. To take the role: \`${command} gameday role ${had}\``;
    }
    case "role-taken": {
      const gave = event.by === event.user ? "" : `, given by ${person(event.by)}`;
      const from = event.from === null ? "" : `, in place of ${person(event.from)}`;
      return `:label: ${person(event.user)} is *${event.role}* now${gave}${from}: ${roleWords[event.role].duty}.`;
    }
    case "readiness-asked":
      return `:question: ${person(event.by)} asks: is everybody ready? ${readinessAsked(day, command)}`;
    case "readiness-said":
      return event.isReady
        ? `:white_check_mark: ${person(event.by)} is ready.`
        : `:x: ${person(event.by)} is not ready${because(event.reason)}`;
    case "noted": {
      const about = event.author === null ? "" : ` (said by ${person(event.author)})`;
      return `:memo: ${person(event.by)}: ${shortText(event.text, 1500)}${about}${linkText(event.link)}`;
    }
    case "paused":
      return `:double_vertical_bar: ${person(event.by)} paused the game day${because(event.reason)} What runs goes on; nothing new begins.`;
    case "resumed":
      return `:arrow_forward: ${person(event.by)} resumed the game day.`;
    case "halted":
      return `:octagonal_sign: ${person(event.by)} halted everything${because(event.reason)} Runs are stopped and healed.`;
    case "halt-lifted":
      return `:arrow_forward: ${person(event.by)} lifted the halt. The game day stays paused until the commander resumes it: \`${command} gameday resume\``;
    case "ended":
      return day.startedAt === null
        ? `:checkered_flag: ${person(event.by)} cancelled the game day${because(event.reason)}`
        : `:checkered_flag: ${person(event.by)} ended the game day${because(event.reason)} ${countsText(day)}`;
    case "unreadable":
      return null;
    default:
      return itemText(day, event, command);
  }
}

function itemText(
  day: GameDay,
  event: ItemEvent | Extract<GameDayEvent, { type: "effect-seen" }>,
  command: string,
): string | null {
  const id = typeof event.item === "number" ? event.item : event.item.id;
  const item = day.items.find((each) => each.id === id);
  if (item === undefined) return null;
  const name = `item ${id}, ${escapeText(item.title)}`;
  switch (event.type) {
    case "item-put":
      return `:ballot_box_with_ballot: *Go or no-go for ${name}?* ${people(missingVotes(day, item))}: vote on the board, or in the channel: \`${command} gameday vote go\`. Everybody: say on the board what you expect.`;
    case "voted":
      return `${event.vote === "go" ? ":+1:" : ":-1:"} ${person(event.by)} says ${event.vote} to item ${id}${because(event.reason)}`;
    case "decided":
      return event.vote === "go"
        ? `:green_circle: *Go* for ${name}. Its run is being requested.`
        : `:no_entry: *No-go* for ${name}${because(event.reason)}`;
    case "skipped":
      return `:fast_forward: ${person(event.by)} skipped ${name}: ${escapeReason(event.reason)}`;
    case "predicted":
      // Counted on the board; who expects what is told at the end, so that nobody follows the others.
      return null;
    case "run-requested":
      return `:hourglass_flowing_sand: ${event.run} is requested for ${name}. If it needs an approval, anybody entitled but ${person(item.putBy ?? "")} gives it on its card, or: \`${command} approve ${event.run}\``;
    case "run-refused":
      return `:warning: The run of ${name} could not be asked for: ${escapeReason(event.reason)} ${escapeReason(event.hint)}`;
    case "run-attached":
      return `:link: ${person(event.by)} asked for ${event.run} in this channel: it is ${name}, not planned.`;
    case "run-moved":
      // The run's own thread tells it all; here is what people wait for.
      return event.state === "active" || event.state === "healing"
        ? `${stateWords[event.state].icon} Item ${id}, ${event.run}: ${stateWords[event.state].text}.${event.state === "active" ? " Predictions are closed." : ""}`
        : null;
    case "run-ended":
      return `${isTerminal(event.result.state) ? stateWords[event.result.state].icon : ":checkered_flag:"} Item ${id}, ${event.run}: ${sentence(resultText(event.result))} \`${command} findings ${event.run}\`${nextText(day, command)}`;
    case "effect-seen":
      return `:eyes: ${person(event.by)} is the first to see an effect of item ${id}.`;
  }
}

function startedText(day: GameDay, by: string, command: string): string {
  const empty = roles.filter((role) => role !== "observer" && holders(day, role).length === 0);
  const ask = empty.map((role) => `\`${command} gameday role ${role}\``).join(", ");
  return [
    `:large_green_circle: ${person(by)} started the game day.`,
    ...(empty.length === 0
      ? []
      : [`Nobody is ${empty.join(" or ")} yet. To take a role: ${ask}, or a button on the board.`]),
  ].join(" ");
}

function readinessAsked(day: GameDay, command: string): string {
  const asked = day.people.map(({ userId }) => userId);
  return `${people(asked.slice(0, 15))}${asked.length > 15 ? " and all others" : ""}: \`${command} gameday ready\`, or \`${command} gameday ready no WHY\``;
}

/** Who could take over: the others with a role, since somebody must act. */
function waitingFor(day: GameDay): string {
  const others = day.people.filter(({ role }) => role !== "observer").map(({ userId }) => userId);
  return others.length === 0 ? "" : `${people(others)}: `;
}

function nextText(day: GameDay, command: string): string {
  return day.phase === "open" && currentItem(day) === null ? ` · next: \`${command} gameday next\`` : "";
}

function countsText({ items }: GameDay): string {
  const of = (state: Item["state"]): number => items.filter((item) => item.state === state).length;
  return `${of("done")} done, ${of("no-go")} no-go, ${of("skipped")} skipped.`;
}

function sentence(text: string): string {
  return /[.!?…]$/.test(text) ? text : `${text}.`;
}

/** Ends a sentence, with the reason if there is one. */
function because(reason: string | null): string {
  if (reason === null || reason.trim() === "") return ".";
  return sentence(`: ${escapeReason(reason)}`);
}
