import type { KnownBlock } from "@slack/types";
import { roles } from "../../../gameday/events.ts";
import { holders, type GameDay, type Note } from "../../../gameday/state.ts";
import { content, divider, escapeText, fields, header, note, section, type MessageContent } from "../../limits.ts";
import { readerTime } from "../reader-time.ts";
import { people, person } from "../words.ts";
import { agendaBlocks } from "./agenda.ts";
import { boardButtons } from "./board-buttons.ts";
import { nextStep } from "./next-step.ts";
import { phaseWords, roleWords, ruleWords, shortText } from "./words.ts";

/** As many of the last notes as the board shows; all are in its thread. */
const lastNotes = 5;

/**
 * The one message of a game day in its channel, in every state. Somebody who was away finds here what happened, who is
 * ready, what comes next and who must act.
 */
export function renderBoard(day: GameDay, command: string): MessageContent {
  const words = phaseWords[day.phase];
  const held = day.held === null ? "" : ` by ${person(day.held.by)}${reasonText(day.held.reason)}`;
  const blocks: KnownBlock[] = [
    header(`${day.title} · ${day.id}`),
    section(`${words.icon} *${words.text}*${held}\n${nextStep(day, command)}`),
    fields(facts(day)),
    section(peopleText(day)),
    ...riskBlocks(day),
    divider,
    ...agendaBlocks(day, command),
    ...notesBlocks(day),
    ...boardButtons(day),
    note(hint(day, command)),
  ];
  return content(`Game day ${escapeText(day.title)} (${day.id}): ${words.text}`, blocks);
}

function reasonText(reason: string | null): string {
  return reason === null ? "" : ` (${shortText(reason)})`;
}

function facts(day: GameDay): Array<readonly [string, string]> {
  const begins: Array<readonly [string, string]> =
    day.startedAt === null
      ? [["Planned for", day.plannedFor === null ? "no time yet" : readerTime(day.plannedFor)]]
      : [["Began", readerTime(day.startedAt)]];
  return [
    ...begins,
    ...(day.endedAt === null ? [] : [["Ended", `${readerTime(day.endedAt)} by ${person(day.endedBy ?? "")}`] as const]),
    ["Go or no-go", ruleWords[day.rule]],
    ["Environment", day.environment === null ? "the default cluster" : escapeText(day.environment)],
    ...(day.scope === null ? [] : [["Scope", shortText(day.scope, 500)] as const]),
  ];
}

/** Who has which role, and who is ready, who is not and who has not said. */
function peopleText(day: GameDay): string {
  const who = roles
    .filter((role) => role !== "observer" || holders(day, role).length > 0)
    .map((role) => `*${roleWords[role].title}* ${namesOrOpen(holders(day, role))}`)
    .join(" · ");
  const of = (kind: "silent" | "ready"): string[] =>
    day.people.filter(({ readiness }) => readiness.kind === kind).map(({ userId }) => userId);
  const not = day.people.flatMap(({ userId, readiness }) =>
    readiness.kind === "not-ready" ? [`${person(userId)}${reasonText(readiness.reason)}`] : [],
  );
  const lines = [
    ...(of("ready").length === 0 ? [] : [`:white_check_mark: ready: ${short(of("ready"))}`]),
    ...(not.length === 0 ? [] : [`:x: not ready: ${not.slice(0, mostNames).join(", ")}`]),
    ...(of("silent").length === 0 || day.phase === "ended" ? [] : [`:grey_question: silent: ${short(of("silent"))}`]),
  ];
  return [who, ...lines].join("\n");
}

const mostNames = 15;

function short(userIds: readonly string[]): string {
  const more = userIds.length - mostNames;
  return `${people(userIds.slice(0, mostNames))}${more > 0 ? ` and ${more} more` : ""}`;
}

function namesOrOpen(userIds: readonly string[]): string {
  return userIds.length === 0 ? "_open_" : short(userIds);
}

function riskBlocks({ mayBreak, abortWhen }: GameDay): KnownBlock[] {
  const lines = [
    ...(mayBreak === null ? [] : [`:boom: *May break* ${shortText(mayBreak, 500)}`]),
    ...(abortWhen === null ? [] : [`:octagonal_sign: *Stop when* ${shortText(abortWhen, 500)}`]),
  ];
  return lines.length === 0 ? [] : [section(lines.join("\n"))];
}

function notesBlocks({ notes }: GameDay): KnownBlock[] {
  if (notes.length === 0) return [];
  const shown = notes.slice(-lastNotes).map(noteLine);
  const more = notes.length - shown.length;
  return [section([`*Notes*${more > 0 ? ` (${more} more in the thread)` : ""}`, ...shown].join("\n"))];
}

/** One note in a line, with a link to the message that it is about. */
export function noteLine({ by, at, text, link, author, item }: Note): string {
  const about = item === null ? "" : `, item ${item}`;
  const source = author === null ? "" : `, said by ${person(author)}`;
  return `• ${shortText(text)} (${person(by)}, ${readerTime(at)}${about}${source}${linkText(link)})`;
}

/** Only what is Slack's own is a link. */
export function linkText(link: string | null): string {
  return link !== null && /^https:\/\/[a-z0-9.-]+\/archives\/[A-Za-z0-9/?=&._-]+$/.test(link)
    ? `, <${link.replaceAll("&", "&amp;")}|message>`
    : "";
}

function hint({ phase }: GameDay, command: string): string {
  if (phase === "ended") return `Everything that happened is in the thread · another one: \`${command} gameday plan\``;
  return `All that can be clicked can be typed: \`${command} help gameday\` · the reaction :memo: makes a note of any message · stop everything: \`${command} halt\``;
}
