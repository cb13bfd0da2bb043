import { content, note, section } from "../src/slack/limits.ts";
import { pickMessage } from "../src/slack/views/pick.ts";
import { scheduleLine } from "../src/slack/views/schedule-card.ts";
import type { Reply, Verb, VerbContext } from "../src/slack/verb.ts";

/** `/chaos unschedule [ID]`, and the button Unschedule. Without an id it asks which. */
export const verb: Verb = {
  name: "unschedule",
  usage: "[ID]",
  summary: "End a schedule, or take its request back; a run that runs goes on",
  examples: ["unschedule", "unschedule schedule-3", "unschedule 3"],
  run: async (line, context) => {
    const [id] = line.words;
    if (id !== undefined) return unschedule(id, context);
    const { schedules, actor, command } = context;
    // They come oldest first.
    const open = (await schedules.open(actor.channelId)).toReversed();
    if (open.length === 0) {
      const none = "Nothing is scheduled in this channel.";
      return content(none, [section(none), note(`\`${command} help schedule\` tells how to schedule something`)]);
    }
    return pickMessage(
      "Which schedule shall end?",
      open.map((schedule) => ({
        line: scheduleLine(schedule),
        buttons: [
          {
            action: "pick-unschedule",
            text: `End ${schedule.id}`,
            value: schedule.id,
            style: "danger" as const,
            confirm: `${schedule.id} comes due no more. A run that runs goes on.`,
          },
        ],
      })),
      `\`${command} schedules\` lists them`,
    );
  },
  buttons: {
    unschedule: async (id, context) => void (await unschedule(id, context)),
    "pick-unschedule": (id, context) => unschedule(id, context),
  },
};

async function unschedule(id: string, { schedules, actor }: VerbContext): Promise<Reply> {
  const schedule = await schedules.cancel(actor, id);
  const text = `${schedule.id} is cancelled and comes due no more.`;
  return content(text, [section(text)]);
}
