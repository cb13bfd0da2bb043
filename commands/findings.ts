import { AftershockError } from "../src/errors.ts";
import type { RunRow } from "../src/run/service.ts";
import { content, note } from "../src/slack/limits.ts";
import { buttonRow } from "../src/slack/views/button.ts";
import { mostChoices } from "../src/slack/views/pick.ts";
import { renderSummary } from "../src/slack/views/summary.ts";
import type { Reply, Verb, VerbContext } from "../src/slack/verb.ts";

/** `/chaos findings [RUN]`. Without a number: of the newest run here that was judged, and the ones before it as buttons. */
export const verb: Verb = {
  name: "findings",
  aliases: ["report"],
  usage: "[RUN]",
  aboutRun: true,
  summary: "Verdicts, measures and findings of a run; without a number, of the newest",
  examples: ["findings", "findings run-12"],
  run: async (line, context) => {
    const { service, overview, actor, command } = context;
    const [runId] = line.words;
    if (runId !== undefined) return findingsOf(await service.find(actor.channelId, runId), context);
    const [newest, ...others] = await overview.judged(actor.channelId, mostChoices + 1);
    if (newest === undefined) {
      // Where there was none at all, that is said.
      await service.find(actor.channelId);
      throw new AftershockError(
        "not_pending",
        "No run of this channel has findings yet.",
        `See what there is: ${command} status. To run one: ${command} list`,
      );
    }
    const summary = await findingsOf(newest, context);
    if (others.length === 0) return summary;
    return content(summary.text, [
      ...summary.blocks,
      note("Those before it in this channel:"),
      ...buttonRow(
        "others",
        others.map(({ id, experiment }) => ({
          action: "open",
          text: `${id} ${experiment}`,
          value: `findings ${id}`,
        })),
      ),
    ]);
  },
};

async function findingsOf(run: RunRow, { service, command }: VerbContext): Promise<Reply> {
  const judged = (await service.events(run.id)).findLast((event) => event.type === "judged");
  if (judged?.type === "judged") return renderSummary(judged.report);
  throw new AftershockError(
    "not_pending",
    `${run.id} has no findings: it is ${run.state}.`,
    `Follow it: ${command} status ${run.id}`,
  );
}
