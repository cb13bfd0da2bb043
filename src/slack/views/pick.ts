import { content, note, section, type MessageContent } from "../limits.ts";
import { buttonRow, type ButtonText } from "./button.ts";

/** One of several that fit: a line about it, and what can be done with it. */
export interface Choice {
  line: string;
  buttons: readonly ButtonText[];
}

/** As many as are offered; who means another one types its number. */
export const mostChoices = 5;

/**
 * Asks which one is meant, with the first five as buttons. A button each stands in one row under the lines; where there are
 * more, they stand under the line that they are about.
 */
export function pickMessage(question: string, choices: readonly Choice[], hint: string): MessageContent {
  const shown = choices.slice(0, mostChoices);
  const inOneRow = shown.every(({ buttons }) => buttons.length <= 1);
  const blocks = inOneRow
    ? [
        section(shown.map(({ line }) => line).join("\n")),
        ...buttonRow(
          "pick",
          shown.flatMap(({ buttons }) => buttons),
        ),
      ]
    : shown.flatMap(({ line, buttons }, at) => [section(line), ...buttonRow(`pick:${at}`, buttons)]);
  const more = choices.length - shown.length;
  return content(question, [
    section(`*${question}*`),
    ...blocks,
    note(more > 0 ? `… and ${more} more · ${hint}` : hint),
  ]);
}
