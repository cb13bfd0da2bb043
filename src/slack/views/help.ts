import { content, escapeText, header, note, section, type MessageContent } from "../limits.ts";
import { groupVerbs } from "../help/groups.ts";
import type { Topic } from "../help/topics.ts";
import type { Verb } from "../verb.ts";
import { buttonRow } from "./button.ts";

/** Buttons stand in rows of so many, and so many topics are offered at most. */
const mostTopics = 12;

/** All commands by what they are for, a line a group, and the topics as buttons. */
export function helpOverview(verbs: readonly Verb[], topics: readonly Topic[], command: string): MessageContent {
  const rows = groupVerbs(verbs).map(
    ({ title, verbs: own }) => `*${title}*  ${own.map(({ name }) => `\`${escapeText(name)}\``).join(" ")}`,
  );
  return content("Commands of Aftershock", [
    section(`\`${escapeText(command)}\` alone shows what waits for you. Or add one of these:\n${rows.join("\n")}`),
    ...buttonRow(
      "topics",
      topics.slice(0, mostTopics).map(({ name, title }) => ({ action: "open", text: title, value: `help ${name}` })),
    ),
    note(
      `\`${escapeText(command)} help run\` explains one command, with examples · typos get a suggestion, and do nothing`,
    ),
  ]);
}

/** One command, one topic, or both where they have one name: what it does, and what to type. */
export function helpPage(found: { verb: Verb | undefined; topic: Topic | undefined }, command: string): MessageContent {
  const { verb, topic } = found;
  const typed = (rest: string): string => `\`${escapeText(`${command} ${rest}`.trim())}\``;
  const examples = [...new Set([...(topic?.examples ?? []), ...(verb?.examples ?? [])])];
  const aliases = verb?.aliases === undefined ? "" : `\nAlso: ${escapeText(verb.aliases.join(", "))}`;
  return content(escapeText(topic?.title ?? verb?.summary ?? ""), [
    ...(topic === undefined ? [] : [header(topic.title), section(topic.lines.join("\n"))]),
    ...(verb === undefined
      ? []
      : [section(`*${typed(`${verb.name} ${verb.usage}`)}*\n${escapeText(verb.summary)}${aliases}`)]),
    ...(examples.length === 0 ? [] : [section(`*For example*\n${examples.map(typed).join("\n")}`)]),
    note(`All commands and topics: ${typed("help")}`),
  ]);
}
