import { AftershockError } from "../src/errors.ts";
import { content, section } from "../src/slack/limits.ts";
import { pickMessage } from "../src/slack/views/pick.ts";
import { runLine } from "../src/slack/views/run-line.ts";
import type { Reply, Verb, VerbContext } from "../src/slack/verb.ts";

/** `/chaos revoke [RUN [reason]]`, and the button Take back. With one approval of yours it is that one. */
export const verb: Verb = {
  name: "revoke",
  usage: "[RUN [reason]]",
  aboutRun: true,
  summary: "Take your own approval back, before the run starts",
  options: "any",
  examples: ["revoke", "revoke run-12", "revoke 12 the replica is being rebuilt"],
  run: async (line, context) => {
    const [runId, ...reason] = line.tokens;
    if (runId !== undefined) return revoke(runId, context, reason.join(" ") || undefined);
    const { overview, actor, command } = context;
    const { takeBack } = await overview.look(actor);
    const [only, ...others] = takeBack;
    if (only === undefined) {
      throw new AftershockError(
        "not_pending",
        "There is no approval of yours that could be taken back: what you approved has started or ended.",
        `A run that has started is stopped: ${command} abort RUN`,
      );
    }
    if (others.length === 0) return revoke(only.id, context);
    return pickMessage(
      "Which approval do you take back?",
      takeBack.map((run) => ({
        line: runLine(run),
        buttons: [
          {
            action: "pick-revoke",
            text: `Take back ${run.id}`,
            value: run.id,
            confirm:
              run.state === "approved"
                ? `${run.id} ends, and nothing is touched.`
                : `Your approval of ${run.id} no longer counts.`,
          },
        ],
      })),
      `\`${command} revoke RUN reason\` says why, too`,
    );
  },
  buttons: {
    revoke: async (runId, context) => void (await revoke(runId, context)),
    "pick-revoke": (runId, context) => revoke(runId, context),
  },
};

async function revoke(runId: string, { service, actor }: VerbContext, reason?: string): Promise<Reply> {
  const run = await service.revoke(actor, runId, reason);
  const text =
    run.state === "requested"
      ? `Your approval of ${run.id} is taken back: ${run.approvedBy.length} of ${run.plan.approvalsNeeded}.`
      : `Your approval of ${run.id} is taken back, and the run has ended; nothing was touched.`;
  return content(text, [section(text)]);
}
