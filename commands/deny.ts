import { AftershockError } from "../src/errors.ts";
import { content, section } from "../src/slack/limits.ts";
import type { Verb } from "../src/slack/verb.ts";

/** `/chaos deny RUN [reason]`, and the button Deny. */
export const verb: Verb = {
  name: "deny",
  usage: "RUN [reason]",
  summary: "Deny a run, or take your own request back",
  options: "any",
  examples: ["deny run-12 not before the release"],
  run: async (line, { service, actor, command }) => {
    const [runId, ...reason] = line.tokens;
    if (runId === undefined)
      throw new AftershockError("bad_command", "deny needs a run.", `See what waits: ${command}`);
    const run = await service.deny(actor, runId, reason.join(" ") || undefined);
    const text = `${run.id} is denied; nothing was touched.`;
    return content(text, [section(text)]);
  },
  buttons: {
    deny: async (runId, { service, actor }) => void (await service.deny(actor, runId)),
  },
};
