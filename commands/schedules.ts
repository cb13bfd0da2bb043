import { AftershockError } from "../src/errors.ts";
import { nearHint } from "../src/run/near-ids.ts";
import { content, note, section } from "../src/slack/limits.ts";
import { buttonRow } from "../src/slack/views/button.ts";
import { scheduleDetails } from "../src/slack/views/home/schedule-details.ts";
import { mostChoices } from "../src/slack/views/pick.ts";
import { scheduleLine } from "../src/slack/views/schedule-card.ts";
import type { Reply, Verb, VerbContext } from "../src/slack/verb.ts";

/** `/chaos schedules [ID]` */
export const verb: Verb = {
  name: "schedules",
  usage: "[ID]",
  summary:
    "What runs by schedule in this channel, when next, and how far its approval reaches; with an id, the whole of it",
  examples: ["schedules", "schedules schedule-3"],
  run: async (line, context) => {
    const { schedules, actor, command } = context;
    const [id] = line.words;
    if (id !== undefined) return details(id, context);
    const open = await schedules.open(actor.channelId);
    if (open.length === 0) {
      const text = "Nothing is scheduled in this channel.";
      const example = `${command} schedule backup-verification "0 6 * * 0" tz=Europe/Berlin`;
      return content(text, [section(text), note(`For example: \`${example}\``)]);
    }
    const text = open.map(scheduleLine).join("\n");
    return content(text, [
      ...open.map((each) => section(scheduleLine(each))),
      ...buttonRow(
        "schedules",
        open.slice(0, mostChoices).map((each) => ({ action: "open", text: each.id, value: `schedules ${each.id}` })),
      ),
      note(`\`${command} unschedule ID\` ends one`),
    ]);
  },
};

async function details(typed: string, { overview, actor, command }: VerbContext): Promise<Reply> {
  const id = /^\d+$/.test(typed) ? `schedule-${typed}` : typed.toLowerCase();
  const [open, { waiting }] = await Promise.all([overview.schedules(), overview.look(actor)]);
  const schedule = open.find((each) => each.id === id);
  if (schedule === undefined) {
    throw new AftershockError(
      "unknown_schedule",
      `There is no open schedule "${typed}".`,
      nearHint(
        id,
        open.map((each) => each.id),
        `See the schedules of this channel: ${command} schedules`,
      ),
    );
  }
  const asked = waiting.find(({ what }) => what.kind === "schedule" && what.schedule.id === id);
  return scheduleDetails(schedule, asked ?? null);
}
