import { content, section, note } from "../src/slack/limits.ts";
import { runLine } from "../src/slack/views/run-line.ts";
import type { Verb } from "../src/slack/verb.ts";

/** `/chaos` alone: what waits, what runs, what one can do. */
export const verb: Verb = {
  name: "home",
  usage: "",
  summary: "What waits here, what runs, what you can do",
  examples: [""],
  run: async (_line, { service, actor, command }) => {
    const open = await service.open(actor.channelId);
    const state = open.length === 0 ? "Nothing runs or waits in this channel." : open.map(runLine).join("\n");
    return content(state, [
      section(state),
      note(`\`${command} list\` experiments · \`${command} run NAME\` · \`${command} status\` · \`${command} help\``),
    ]);
  },
};
