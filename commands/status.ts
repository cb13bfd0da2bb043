import { content, note, section } from "../src/slack/limits.ts";
import { detailsButton } from "../src/slack/views/home/lines.ts";
import { runDetails } from "../src/slack/views/home/run-details.ts";
import { buttonRow } from "../src/slack/views/button.ts";
import { mostChoices } from "../src/slack/views/pick.ts";
import { standingBlocks, standingSentences } from "../src/slack/views/standing.ts";
import { runLine } from "../src/slack/views/run-line.ts";
import type { Verb } from "../src/slack/verb.ts";

/** `/chaos status [RUN]`. Without a number: the last runs here, each with a button that shows it. */
export const verb: Verb = {
  name: "status",
  aliases: ["runs"],
  usage: "[RUN]",
  aboutRun: true,
  summary: "How a run goes; without a number, the last runs of this channel",
  examples: ["status", "status run-12", "status 12"],
  run: async (line, { service, overview, alarms, halts, actor, command }) => {
    const [runId] = line.words;
    if (runId !== undefined) {
      const run = await service.find(actor.channelId, runId);
      const [events, { waiting }] = await Promise.all([service.events(run.id), overview.look(actor)]);
      const asked = waiting.find(({ what }) => what.kind === "run" && what.run.id === run.id);
      return runDetails(run, events, asked ?? null);
    }
    const [runs, standing, unproven] = await Promise.all([
      service.recent(actor.channelId, mostChoices),
      halts.current(),
      alarms.open(),
    ]);
    const text = runs.length === 0 ? "There was no run in this channel yet." : runs.map(runLine).join("\n");
    return content([...standingSentences(standing, unproven), text].join("\n"), [
      ...standingBlocks(standing, unproven, command),
      section(text),
      ...buttonRow(
        "runs",
        runs.map((run) => detailsButton(run, run.id)),
      ),
      note(
        runs.length === 0
          ? `\`${command} list\` has the experiments`
          : `\`${command} status RUN\` shows any run · \`${command} findings RUN\` what came of it`,
      ),
    ]);
  },
};
