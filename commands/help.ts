import { content, escapeText, note, section } from "../src/slack/limits.ts";
import { unknownVerb } from "../src/slack/command-line.ts";
import type { Verb } from "../src/slack/verb.ts";

/** `/chaos help [VERB]` */
export const verb: Verb = {
  name: "help",
  aliases: ["?"],
  usage: "[VERB]",
  summary: "All commands, or one with examples",
  examples: ["help", "help run"],
  run: async (line, { verbs, command }) => {
    const [topic] = line.words;
    if (topic === undefined) {
      const rows = verbs
        .filter((verb) => verb.name !== "home")
        .map(
          (verb) =>
            `\`${escapeText(`${command} ${verb.name} ${verb.usage}`.trim())}\`\n      ${escapeText(verb.summary)}`,
        );
      return content("Commands of Aftershock", [
        section(rows.join("\n")),
        note(`\`${command} help run\` has examples`),
      ]);
    }
    const found = verbs.find((verb) => verb.name === topic || verb.aliases?.includes(topic));
    if (found === undefined)
      throw unknownVerb(
        topic,
        verbs.map((verb) => verb.name),
      );
    const aliases = found.aliases === undefined ? "" : `\nAlso: ${found.aliases.join(", ")}`;
    return content(found.summary, [
      section(
        `*\`${escapeText(`${command} ${found.name} ${found.usage}`.trim())}\`*\n${escapeText(found.summary)}${aliases}`,
      ),
      section(found.examples.map((example) => `\`${escapeText(`${command} ${example}`.trim())}\``).join("\n")),
    ]);
  },
};
