import { content, section, note } from "../src/slack/limits.ts";
import { alarmBlocks, alarmsSentence } from "../src/slack/views/alarm-list.ts";
import { runLine } from "../src/slack/views/run-line.ts";
import type { Verb } from "../src/slack/verb.ts";

/** `/chaos` alone: what waits, what runs, what one can do. */
export const verb: Verb = {
  name: "home",
  usage: "",
  summary: "What waits here, what runs, what you can do",
  examples: [""],
  run: async (_line, { service, alarms, actor, command }) => {
    const [open, unproven] = await Promise.all([service.open(actor.channelId), alarms.open()]);
    const state = open.length === 0 ? "Nothing runs or waits in this channel." : open.map(runLine).join("\n");
    return content(unproven.length === 0 ? state : `${alarmsSentence(unproven)}\n${state}`, [
      ...alarmBlocks(unproven, command),
      section(state),
      note(`\`${command} list\` experiments · \`${command} run NAME\` · \`${command} status\` · \`${command} help\``),
    ]);
  },
};
