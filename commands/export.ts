import { AftershockError } from "../src/errors.ts";
import { content, section } from "../src/slack/limits.ts";
import { buttonRow } from "../src/slack/views/button.ts";
import { renderExportReply } from "../src/slack/views/export.ts";
import { mostChoices } from "../src/slack/views/pick.ts";
import type { Reply, Verb, VerbContext } from "../src/slack/verb.ts";

/** `/chaos export [RUN]`: report, history and charts as one file in the run's thread. Without a number it asks which. */
export const verb: Verb = {
  name: "export",
  usage: "RUN",
  summary: "Report, history and charts of a run as one file in its thread",
  examples: ["export run-12"],
  run: async (line, context) => {
    const [runId] = line.words;
    return runId === undefined ? which(context) : exportRun(runId, context);
  },
  buttons: {
    "export-run": (value, context) => exportRun(value, context),
  },
};

async function exportRun(runId: string, { exports, actor }: VerbContext): Promise<Reply> {
  return renderExportReply(await exports.request(actor, runId), actor.channelId);
}

async function which({ exports, actor, command }: VerbContext): Promise<Reply> {
  const runs = await exports.candidates(actor, mostChoices);
  if (runs.length === 0) {
    throw new AftershockError(
      "not_pending",
      "No run of this channel has files yet: they are made when a run has ended.",
      `See what runs: ${command} status`,
    );
  }
  const question = "Which run?";
  return content(question, [
    section(`*${question}*`),
    ...buttonRow(
      "export",
      runs.map(({ id, experiment }) => ({ action: "export-run", text: `${id} ${experiment}`, value: id })),
    ),
  ]);
}
