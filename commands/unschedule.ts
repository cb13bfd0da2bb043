import { AftershockError } from "../src/errors.ts";
import { content, section } from "../src/slack/limits.ts";
import type { Verb } from "../src/slack/verb.ts";

/** `/chaos unschedule ID`, and the button Unschedule. */
export const verb: Verb = {
  name: "unschedule",
  usage: "ID",
  summary: "End a schedule, or take its request back; a run that runs goes on",
  examples: ["unschedule schedule-3", "unschedule 3"],
  run: async (line, { schedules, actor, command }) => {
    const [id] = line.words;
    if (id === undefined) {
      throw new AftershockError("bad_command", "unschedule needs a schedule.", `See them: ${command} schedules`);
    }
    const schedule = await schedules.cancel(actor, id);
    const text = `${schedule.id} is cancelled and comes due no more.`;
    return content(text, [section(text)]);
  },
  buttons: {
    unschedule: async (id, { schedules, actor }) => void (await schedules.cancel(actor, id)),
  },
};
