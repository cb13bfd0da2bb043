import { AftershockError } from "../src/errors.ts";
import { renderSummary } from "../src/slack/views/summary.ts";
import type { Verb } from "../src/slack/verb.ts";

/** `/chaos findings [RUN]` */
export const verb: Verb = {
  name: "findings",
  aliases: ["report"],
  usage: "[RUN]",
  summary: "Verdicts, measures and findings of a run; without a number, of the newest",
  examples: ["findings", "findings run-12"],
  run: async (line, { service, actor, command }) => {
    const run = await service.find(actor.channelId, line.words[0]);
    const judged = (await service.events(run.id)).findLast((event) => event.type === "judged");
    if (judged?.type === "judged") return renderSummary(judged.report);
    throw new AftershockError(
      "not_pending",
      `${run.id} has no findings: it is ${run.state}.`,
      `Follow it: ${command} status ${run.id}`,
    );
  },
};
