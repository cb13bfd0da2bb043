import { AftershockError } from "../src/errors.ts";
import { channelMessage } from "../src/slack/views/channel.ts";
import type { Reply, Verb, VerbContext } from "../src/slack/verb.ts";

/** `/chaos channel [verbosity=…]`: how much is said of runs in this channel; its buttons set it, too. */
export const verb: Verb = {
  name: "channel",
  usage: "[verbosity=quiet|normal|full]",
  options: ["verbosity"],
  summary: "How much I say of runs in this channel",
  examples: ["channel", "channel verbosity=quiet"],
  run: async (line, context) => {
    const { channels, actor, command } = context;
    const [word, ...more] = line.words;
    const typed = line.options["verbosity"] ?? word;
    if (more.length > 0) {
      throw new AftershockError(
        "bad_command",
        `One word is enough, and "${more.join(" ")}" is one more.`,
        `Type: ${command} channel verbosity=quiet`,
      );
    }
    if (typed !== undefined) return set(typed, context);
    return channelMessage(await channels.setting(actor.channelId), command);
  },
  buttons: { "channel-verbosity": set },
};

async function set(verbosity: string, { channels, actor, command }: VerbContext): Promise<Reply> {
  return channelMessage(await channels.setVerbosity(actor, verbosity), command);
}
