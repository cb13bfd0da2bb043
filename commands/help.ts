import { AftershockError } from "../src/errors.ts";
import { nearest } from "../src/experiment/nearest.ts";
import { topics } from "../src/slack/help/topics.ts";
import { helpOverview, helpPage } from "../src/slack/views/help.ts";
import type { Verb } from "../src/slack/verb.ts";

/** `/chaos help [COMMAND|TOPIC]` */
export const verb: Verb = {
  name: "help",
  aliases: ["?"],
  usage: "[COMMAND|TOPIC]",
  summary: "All commands; or one of them, or a topic, with examples",
  examples: ["help", "help run", "help getting-started"],
  run: async (line, { verbs, command }) => {
    const there = topics.filter(({ verb: about }) => about === undefined || verbs.some(({ name }) => name === about));
    // "help game days" and "help Getting Started" are topics, too.
    const wanted = line.words.join("-").toLowerCase();
    if (wanted === "") return helpOverview(verbs, there, command);
    const topic = there.find(({ name, aliases }) => name === wanted || aliases.includes(wanted));
    const named = (name: string | undefined) =>
      verbs.find((each) => each.name === name || (name !== undefined && each.aliases?.includes(name)));
    const found = { topic, verb: named(wanted) ?? named(topic?.verb) };
    if (found.topic !== undefined || found.verb !== undefined) return helpPage(found, command);
    const close = nearest(
      wanted,
      [...verbs, ...there].flatMap(({ name, aliases = [] }) => [name, ...aliases]),
    );
    throw new AftershockError(
      "bad_command",
      `There is no command and no topic "${wanted}".`,
      close === undefined ? `See what there is: ${command} help` : `Did you mean ${command} help ${close}?`,
    );
  },
};
