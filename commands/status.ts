import { content, note, section } from "../src/slack/limits.ts";
import { renderCard } from "../src/slack/views/card.ts";
import { standingBlocks, standingSentences } from "../src/slack/views/standing.ts";
import { runLine } from "../src/slack/views/run-line.ts";
import type { Verb } from "../src/slack/verb.ts";

/** `/chaos status [RUN]` */
export const verb: Verb = {
  name: "status",
  aliases: ["runs"],
  usage: "[RUN]",
  summary: "How a run goes; without a number, the last runs of this channel",
  examples: ["status", "status run-12", "status 12"],
  run: async (line, { service, alarms, halts, actor, command }) => {
    const [runId] = line.words;
    if (runId === undefined) {
      const [runs, standing, unproven] = await Promise.all([
        service.recent(actor.channelId, 5),
        halts.current(),
        alarms.open(),
      ]);
      const text = runs.length === 0 ? "There was no run in this channel yet." : runs.map(runLine).join("\n");
      return content([...standingSentences(standing, unproven), text].join("\n"), [
        ...standingBlocks(standing, unproven, command),
        section(text),
        note(`\`${command} status RUN\` · \`${command} findings RUN\` · \`${command} list\``),
      ]);
    }
    const run = await service.find(actor.channelId, runId);
    const card = renderCard(run, await service.events(run.id));
    // Buttons belong to the one card in the channel.
    return content(
      card.text,
      card.blocks.filter((block) => block.type !== "actions"),
    );
  },
};
