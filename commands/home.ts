import { content, section, note } from "../src/slack/limits.ts";
import { standingBlocks, standingSentences } from "../src/slack/views/standing.ts";
import { runLine } from "../src/slack/views/run-line.ts";
import type { Verb } from "../src/slack/verb.ts";

/** `/chaos` alone: what waits, what runs, what one can do. */
export const verb: Verb = {
  name: "home",
  usage: "",
  summary: "What waits here, what runs, what you can do",
  examples: [""],
  run: async (_line, { service, alarms, halts, actor, command }) => {
    const [open, standing, unproven] = await Promise.all([
      service.open(actor.channelId),
      halts.current(),
      alarms.open(),
    ]);
    const state = open.length === 0 ? "Nothing runs or waits in this channel." : open.map(runLine).join("\n");
    return content([...standingSentences(standing, unproven), state].join("\n"), [
      ...standingBlocks(standing, unproven, command),
      section(state),
      note(`\`${command} list\` experiments · \`${command} run NAME\` · \`${command} status\` · \`${command} help\``),
    ]);
  },
};
