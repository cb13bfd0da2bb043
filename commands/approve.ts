import { isScheduleId, type Schedule } from "../src/run/schedules/schedule.ts";
import type { RunRow } from "../src/run/service.ts";
import { content, section } from "../src/slack/limits.ts";
import { waitingPick } from "../src/slack/views/home/waiting-pick.ts";
import type { Reply, Verb, VerbContext } from "../src/slack/verb.ts";

/** `/chaos approve RUN [reason]`, the same of a schedule, and the button Approve. Without a number it asks which. */
export const verb: Verb = {
  name: "approve",
  usage: "[RUN|SCHEDULE [reason]]",
  aboutRun: true,
  summary: "Approve somebody else's run or schedule; without a number, see what waits for you",
  options: "any",
  examples: ["approve", "approve run-12", "approve 12 agreed in the stand-up", "approve schedule-3"],
  run: async (line, context) => {
    const [id, ...reason] = line.tokens;
    if (id !== undefined) return approve(id, context, reason.join(" ") || undefined);
    const { waiting } = await context.overview.look(context.actor);
    return waitingPick(
      waiting,
      { fits: ["decide"], without: "pick-deny" },
      {
        question: "Which one do you approve?",
        none: waiting.length === 0 ? "Nothing waits for approval." : "Nothing waits for your approval.",
        hint: `\`${context.command} approve RUN reason\` says why, too`,
      },
    );
  },
  buttons: {
    approve: async (value, context) => void (await approve(value, context)),
    "pick-approve": (value, context) => approve(value, context),
  },
};

/** `run-12`, `run-12@DIGEST` as a button has it, or `schedule-3`. */
async function approve(value: string, { service, schedules, actor }: VerbContext, reason?: string): Promise<Reply> {
  if (isScheduleId(value)) return saidOfSchedule(await schedules.approve(actor, value, reason));
  const [runId = "", seen] = value.split("@");
  return saidOfRun(await service.approve(actor, runId, reason, seen));
}

function saidOfSchedule({ id, state, approvedBy, plan }: Schedule): Reply {
  const said =
    state === "requested"
      ? `Noted: ${approvedBy.length} of ${plan.approvalsNeeded}.`
      : `${id} is approved and active; its card shows when it comes due.`;
  return content(said, [section(said)]);
}

function saidOfRun(run: RunRow): Reply {
  const said =
    run.state === "requested"
      ? `Noted: ${run.approvedBy.length} of ${run.plan.approvalsNeeded}.`
      : `${run.id} is approved and starts now.`;
  return content(said, [section(said)]);
}
