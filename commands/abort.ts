import { content, section } from "../src/slack/limits.ts";
import type { Verb } from "../src/slack/verb.ts";

/** `/chaos abort [RUN]`, and the button Stop. */
export const verb: Verb = {
  name: "abort",
  aliases: ["stop"],
  usage: "[RUN [reason]]",
  options: "any",
  summary: "Stop a run now and heal it; without a number, the one that runs here",
  examples: ["abort", "abort run-12"],
  run: async (line, { service, actor }) => {
    const [runId, ...why] = line.tokens;
    const target = runId ?? (await service.open(actor.channelId))[0]?.id;
    const run = await service.abort(
      actor,
      (await service.find(actor.channelId, target)).id,
      why.join(" ") || undefined,
    );
    const text =
      run.state === "aborted"
        ? `${run.id} was stopped before it started; nothing was touched.`
        : `${run.id} is being stopped: the fault is removed now, and the proof follows in its thread.`;
    return content(text, [section(text)]);
  },
  buttons: {
    stop: async (runId, { service, actor }) => void (await service.abort(actor, runId)),
  },
};
