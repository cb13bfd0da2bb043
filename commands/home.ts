import { content, section, note } from "../src/slack/limits.ts";
import { haltBlocks, haltSentence } from "../src/slack/views/halt.ts";
import { runLine } from "../src/slack/views/run-line.ts";
import type { Verb } from "../src/slack/verb.ts";

/** `/chaos` alone: what waits, what runs, what one can do. */
export const verb: Verb = {
  name: "home",
  usage: "",
  summary: "What waits here, what runs, what you can do",
  examples: [""],
  run: async (_line, { service, halts, actor, command }) => {
    const [open, standing] = await Promise.all([service.open(actor.channelId), halts.current()]);
    const state = open.length === 0 ? "Nothing runs or waits in this channel." : open.map(runLine).join("\n");
    const halted = standing === null ? [] : haltBlocks(standing, command);
    return content(standing === null ? state : `${haltSentence(standing.halt)}\n${state}`, [
      ...halted,
      section(state),
      note(`\`${command} list\` experiments · \`${command} run NAME\` · \`${command} status\` · \`${command} help\``),
    ]);
  },
};
