import { AftershockError } from "../src/errors.ts";
import { isScheduleId } from "../src/run/schedules/schedule.ts";
import { content, section } from "../src/slack/limits.ts";
import type { Verb } from "../src/slack/verb.ts";

/** `/chaos approve RUN [reason]`, the same of a schedule, and the button Approve. */
export const verb: Verb = {
  name: "approve",
  usage: "RUN|SCHEDULE [reason]",
  summary: "Approve somebody else's run or schedule",
  options: "any",
  examples: ["approve run-12", "approve 12 agreed in the stand-up", "approve schedule-3"],
  run: async (line, { service, schedules, actor, command }) => {
    const [runId, ...reason] = line.tokens;
    if (runId === undefined) {
      throw new AftershockError("bad_command", "approve needs a run.", `See what waits: ${command}`);
    }
    if (isScheduleId(runId)) {
      const schedule = await schedules.approve(actor, runId, reason.join(" ") || undefined);
      const { id, state, approvedBy, plan } = schedule;
      const said =
        state === "requested"
          ? `Noted: ${approvedBy.length} of ${plan.approvalsNeeded}.`
          : `${id} is approved and active; its card shows when it comes due.`;
      return content(said, [section(said)]);
    }
    const run = await service.approve(actor, runId, reason.join(" ") || undefined);
    const text =
      run.state === "requested"
        ? `Noted: ${run.approvedBy.length} of ${run.plan.approvalsNeeded}.`
        : `${run.id} is approved and starts now.`;
    return content(text, [section(text)]);
  },
  buttons: {
    approve: async (value, { service, schedules, actor }) => {
      if (isScheduleId(value)) return void (await schedules.approve(actor, value));
      const [runId = "", seen] = value.split("@");
      await service.approve(actor, runId, undefined, seen);
    },
  },
};
