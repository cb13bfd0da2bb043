import { content, escapeText, note, section } from "../src/slack/limits.ts";
import type { Verb } from "../src/slack/verb.ts";

/** `/chaos list` */
export const verb: Verb = {
  name: "list",
  aliases: ["ls", "experiments"],
  usage: "",
  summary: "The experiments there are",
  examples: ["list"],
  run: async (_line, { service, command }) => {
    const rows = service
      .experiments()
      .map(
        (experiment) =>
          `• *${escapeText(experiment.name)}* (${escapeText(experiment.system)}, risk ${experiment.risk}): ${escapeText(experiment.title)}`,
      );
    const text = rows.length === 0 ? "The catalogue is empty: there is no file in jobs/." : rows.join("\n");
    return content(text, [
      section(text),
      note(`\`${command} show NAME\` tells what it does and which parameters it takes`),
    ]);
  },
};
