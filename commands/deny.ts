import { isScheduleId } from "../src/run/schedules/schedule.ts";
import { content, section } from "../src/slack/limits.ts";
import { waitingPick } from "../src/slack/views/home/waiting-pick.ts";
import type { Reply, Verb, VerbContext } from "../src/slack/verb.ts";

/** `/chaos deny RUN [reason]`, the same of a schedule, and the button Deny. Without a number it asks which. */
export const verb: Verb = {
  name: "deny",
  usage: "[RUN|SCHEDULE [reason]]",
  aboutRun: true,
  summary: "Deny a run or schedule, or take your own request back",
  options: "any",
  examples: ["deny", "deny run-12 not before the release", "deny schedule-3"],
  run: async (line, context) => {
    const [id, ...reason] = line.tokens;
    if (id !== undefined) return deny(id, context, reason.join(" ") || undefined);
    const { waiting } = await context.overview.look(context.actor);
    return waitingPick(
      waiting,
      { fits: ["decide", "asked"], without: "pick-approve" },
      {
        question: "Which one do you deny?",
        none: waiting.length === 0 ? "Nothing waits for approval." : "Nothing waits that you could deny.",
        hint: `\`${context.command} deny RUN reason\` says why, too`,
      },
    );
  },
  buttons: {
    deny: async (id, context) => void (await deny(id, context)),
    "pick-deny": (id, context) => deny(id, context),
  },
};

async function deny(id: string, { service, schedules, actor }: VerbContext, reason?: string): Promise<Reply> {
  const denied = await (isScheduleId(id) ? schedules : service).deny(actor, id, reason);
  const text = `${denied.id} is denied; nothing was touched.`;
  return content(text, [section(text)]);
}
