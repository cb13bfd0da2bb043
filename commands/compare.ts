import { AftershockError } from "../src/errors.ts";
import { escapeText } from "../src/slack/limits.ts";
import { pastRunLine } from "../src/slack/views/history.ts";
import { renderComparison } from "../src/slack/views/compare.ts";
import { mostChoices, pickMessage } from "../src/slack/views/pick.ts";
import { runLine } from "../src/slack/views/run-line.ts";
import type { Reply, Verb, VerbContext } from "../src/slack/verb.ts";

/** `/chaos compare RUN RUN`. Missing ones are offered as buttons: of the second, only runs of the same experiment. */
export const verb: Verb = {
  name: "compare",
  aliases: ["diff"],
  usage: "[RUN] [RUN]",
  summary: "Two runs of one experiment side by side: what differs, and what of it exceeds the noise",
  examples: ["compare run-9 run-12", "compare 9 12", "compare"],
  run: async (line, context) => {
    // Runs of all channels may be named.
    await context.overview.admit(context.actor);
    const [first, second, third] = line.words;
    if (third !== undefined) {
      throw new AftershockError(
        "bad_command",
        `compare takes two runs, and "${third}" is one more.`,
        `For example: ${context.command} compare ${first ?? "run-1"} ${second ?? "run-2"}`,
      );
    }
    if (first === undefined) return offerFirst(context);
    if (second === undefined) return offerSecond(first, context);
    return renderComparison(await context.past.compare(first, second), context.command);
  },
};

/** More are looked at than are offered: runs that nothing compares with are no choice. */
const lookedAt = 30;

async function offerFirst({ overview, actor, command }: VerbContext): Promise<Reply> {
  const runs = await overview.judged(actor.channelId, lookedAt);
  const withOthers = runs.filter((run) =>
    runs.some(({ id, experiment }) => id !== run.id && experiment === run.experiment),
  );
  if (withOthers.length === 0) {
    throw new AftershockError(
      "not_pending",
      "No experiment has two runs with findings in this channel yet, so there is nothing to compare.",
      `Runs of other channels can be named: ${command} compare run-9 run-12`,
    );
  }
  return pickMessage(
    "Which run is the first of the two?",
    withOthers.slice(0, mostChoices).map((run) => ({
      line: runLine(run),
      buttons: [{ action: "open", text: `${run.id} ${run.experiment}`, value: `compare ${run.id}` }],
    })),
    `\`${command} compare RUN RUN\` takes any two of one experiment`,
  );
}

async function offerSecond(typed: string, { service, past, actor, command }: VerbContext): Promise<Reply> {
  const run = await service.find(actor.channelId, typed);
  const others = (await past.runs({ experiment: run.experiment }, mostChoices + 1)).filter(
    ({ runId }) => runId !== run.id,
  );
  if (others.length === 0) {
    throw new AftershockError(
      "not_comparable",
      `There is no other run of ${run.experiment} to compare ${run.id} with.`,
      `Run it again: ${command} run ${run.experiment}`,
    );
  }
  return pickMessage(
    `Compare ${run.id} (${escapeText(run.experiment)}) with which run?`,
    others.slice(0, mostChoices).map((other) => ({
      line: pastRunLine(other),
      buttons: [{ action: "open", text: other.runId, value: `compare ${run.id} ${other.runId}` }],
    })),
    `\`${command} history ${escapeText(run.experiment)}\` has all its runs`,
  );
}
