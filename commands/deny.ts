import { AftershockError } from "../src/errors.ts";
import { isScheduleId } from "../src/run/schedules/schedule.ts";
import { content, section } from "../src/slack/limits.ts";
import type { Verb } from "../src/slack/verb.ts";

/** `/chaos deny RUN [reason]`, the same of a schedule, and the button Deny. */
export const verb: Verb = {
  name: "deny",
  usage: "RUN|SCHEDULE [reason]",
  summary: "Deny a run or schedule, or take your own request back",
  options: "any",
  examples: ["deny run-12 not before the release", "deny schedule-3"],
  run: async (line, { service, schedules, actor, command }) => {
    const [runId, ...reason] = line.tokens;
    if (runId === undefined)
      throw new AftershockError("bad_command", "deny needs a run.", `See what waits: ${command}`);
    const run = await (isScheduleId(runId) ? schedules : service).deny(actor, runId, reason.join(" ") || undefined);
    const text = `${run.id} is denied; nothing was touched.`;
    return content(text, [section(text)]);
  },
  buttons: {
    deny: async (id, { service, schedules, actor }) =>
      void (await (isScheduleId(id) ? schedules : service).deny(actor, id)),
  },
};
