import { content, note, section } from "../src/slack/limits.ts";
import { clusterLines, haltSentence, resumeNote } from "../src/slack/views/halt.ts";
import type { Verb } from "../src/slack/verb.ts";

/** `/chaos halt [reason]`: stops everything at once. It asks no question first: stopping must be easy. */
export const verb: Verb = {
  name: "halt",
  usage: "[reason]",
  options: "any",
  summary: "Stop all runs at once, heal them, and let nothing start until resume",
  examples: ["halt", "halt customers see errors"],
  run: async (line, { halts, actor, command }) => {
    const { halt, heldBefore, stopped, clusters } = await halts.halt(actor, line.tokens.join(" ") || undefined);
    const runs =
      stopped === 0
        ? heldBefore
          ? "Nothing runs that was not stopped then."
          : "Nothing ran or waited."
        : `${stopped} ${stopped === 1 ? "run is" : "runs are"} being stopped; the message in the channel says when the last fault is gone.`;
    const text = `${heldBefore ? "It was halted before. " : ""}${haltSentence(halt)}\n${runs}`;
    return content(text, [
      section(text),
      ...clusterLines(clusters).map((cluster) => section(cluster)),
      note(resumeNote(halt, command)),
    ]);
  },
  // In the App Home, where the page itself says what came of it; it was confirmed in Slack's dialog.
  buttons: { halt: async (_value, { halts, actor }) => void (await halts.halt(actor)) },
};
