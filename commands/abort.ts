import { AftershockError } from "../src/errors.ts";
import type { RunRow } from "../src/run/service.ts";
import { content, section } from "../src/slack/limits.ts";
import { stopButton } from "../src/slack/views/home/lines.ts";
import { pickMessage } from "../src/slack/views/pick.ts";
import { runLine } from "../src/slack/views/run-line.ts";
import type { Reply, Verb } from "../src/slack/verb.ts";

/** `/chaos abort [RUN]`, and the button Stop. Without a number and with several runs it asks which. */
export const verb: Verb = {
  name: "abort",
  aliases: ["stop"],
  usage: "[RUN [reason]]",
  aboutRun: true,
  options: "any",
  summary: "Stop a run now and heal it; without a number, the one that runs here",
  examples: ["abort", "abort run-12", "abort 12 customers see errors"],
  run: async (line, { service, actor, command }) => {
    const [runId, ...why] = line.tokens;
    if (runId !== undefined) {
      const { id } = await service.find(actor.channelId, runId);
      return said(await service.abort(actor, id, why.join(" ") || undefined));
    }
    const open = (await service.open(actor.channelId)).filter(({ abortRequestedBy }) => abortRequestedBy === null);
    const [only, ...others] = open;
    if (only === undefined) {
      throw new AftershockError(
        "not_pending",
        "There is nothing to stop in this channel.",
        `See the last runs: ${command} status. To stop everything everywhere: ${command} halt`,
      );
    }
    if (others.length === 0) return said(await service.abort(actor, only.id));
    return pickMessage(
      "Which one shall be stopped?",
      open.map((run) => ({ line: runLine(run), buttons: stopButton(run, "message") })),
      `\`${command} abort RUN reason\` says why, too · \`${command} halt\` stops everything`,
    );
  },
  buttons: {
    stop: async (runId, { service, actor }) => void (await service.abort(actor, runId)),
    "pick-abort": async (runId, { service, actor }) => said(await service.abort(actor, runId)),
  },
};

function said(run: RunRow): Reply {
  const text =
    run.state === "aborted"
      ? `${run.id} was stopped before it started; nothing was touched.`
      : `${run.id} is being stopped: the fault is removed now, and the proof follows in its thread.`;
  return content(text, [section(text)]);
}
