import { AftershockError } from "../src/errors.ts";
import { content, section } from "../src/slack/limits.ts";
import { clusterLines } from "../src/slack/views/halt.ts";
import type { Verb } from "../src/slack/verb.ts";

/** `/chaos resume [reason]`: lets runs start again after a halt. */
export const verb: Verb = {
  name: "resume",
  usage: "[reason]",
  options: "any",
  summary: "Let runs start again after a halt; nothing that was stopped starts by itself",
  examples: ["resume", "resume it was the load balancer"],
  run: async (line, { halts, actor }) => {
    const { clusters } = await halts.resume(actor, line.tokens.join(" ") || undefined);
    const text = "Runs may start again. Nothing that was stopped starts by itself.";
    return content(text, [section(text), ...clusterLines(clusters).map((cluster) => section(cluster))]);
  },
  buttons: {
    // In the App Home. It lifts the halt that was seen, and none that came after it.
    resume: async (haltId, { halts, actor, command }) => {
      const standing = await halts.current();
      if (standing !== null && standing.halt.id !== haltId) {
        throw new AftershockError(
          "not_pending",
          "Another halt holds than the one that you saw.",
          `See who halted and why: ${command}`,
        );
      }
      await halts.resume(actor);
    },
  },
};
