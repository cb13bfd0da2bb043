import { content, note, section } from "../src/slack/limits.ts";
import { scheduleLine } from "../src/slack/views/schedule-card.ts";
import type { Verb } from "../src/slack/verb.ts";

/** `/chaos schedules` */
export const verb: Verb = {
  name: "schedules",
  usage: "",
  summary: "What runs by schedule in this channel, when next, and how far its approval reaches",
  examples: ["schedules"],
  run: async (_line, { schedules, actor, command }) => {
    const open = await schedules.open(actor.channelId);
    if (open.length === 0) {
      const text = "Nothing is scheduled in this channel.";
      const example = `${command} schedule backup-verification "0 6 * * 0" tz=Europe/Berlin`;
      return content(text, [section(text), note(`For example: \`${example}\``)]);
    }
    const text = open.map(scheduleLine).join("\n");
    return content(text, [
      ...open.map((each) => section(scheduleLine(each))),
      note(`\`${command} unschedule ID\` ends one`),
    ]);
  },
};
