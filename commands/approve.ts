import { AftershockError } from "../src/errors.ts";
import { content, section } from "../src/slack/limits.ts";
import type { Verb } from "../src/slack/verb.ts";

/** `/chaos approve RUN [reason]`, and the button Approve. */
export const verb: Verb = {
  name: "approve",
  usage: "RUN [reason]",
  summary: "Approve somebody else's run",
  options: "any",
  examples: ["approve run-12", "approve 12 agreed in the stand-up"],
  run: async (line, { service, actor, command }) => {
    const [runId, ...reason] = line.tokens;
    if (runId === undefined) {
      throw new AftershockError("bad_command", "approve needs a run.", `See what waits: ${command}`);
    }
    const run = await service.approve(actor, runId, reason.join(" ") || undefined);
    const text =
      run.state === "requested"
        ? `Noted: ${run.approvedBy.length} of ${run.plan.approvalsNeeded}.`
        : `${run.id} is approved and starts now.`;
    return content(text, [section(text)]);
  },
  buttons: {
    approve: async (runId, { service, actor }) => void (await service.approve(actor, runId)),
  },
};
