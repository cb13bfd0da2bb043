import { AftershockError } from "../src/errors.ts";
import { content, section } from "../src/slack/limits.ts";
import type { Verb } from "../src/slack/verb.ts";

/** `/chaos revoke RUN [reason]`, and the button Take back. */
export const verb: Verb = {
  name: "revoke",
  usage: "RUN [reason]",
  summary: "Take your own approval back, before the run starts",
  options: "any",
  examples: ["revoke run-12", "revoke 12 the replica is being rebuilt"],
  run: async (line, { service, actor, command }) => {
    const [runId, ...reason] = line.tokens;
    if (runId === undefined) {
      throw new AftershockError("bad_command", "revoke needs a run.", `See what waits: ${command}`);
    }
    const run = await service.revoke(actor, runId, reason.join(" ") || undefined);
    const text =
      run.state === "requested"
        ? `Your approval of ${run.id} is taken back: ${run.approvedBy.length} of ${run.plan.approvalsNeeded}.`
        : `Your approval of ${run.id} is taken back, and the run has ended; nothing was touched.`;
    return content(text, [section(text)]);
  },
  buttons: {
    revoke: async (runId, { service, actor }) => void (await service.revoke(actor, runId)),
  },
};
