import type { Said } from "../../../slack/access/inspect.ts";
import type { Check } from "../asked.ts";
import { unknown, warning, well, wrong, type Line } from "../line.ts";
import { notAsked } from "./words.ts";

/** Whether the bot is in the channels that it must be in: by reading them, as only a member may. */
export const channels: Check = async ({ config, channels: typed, slack, botToken }) => {
  const { opsChannel } = config.slack;
  const wanted = [...new Set([...(opsChannel === undefined ? [] : [opsChannel]), ...typed])];
  const noOps =
    opsChannel === undefined
      ? [
          warning(
            "slack.opsChannel is not set: halts from a command line and removed leftovers are told in the log only.",
            "slack: { opsChannel: C0123ABCD } in the configuration; a channel's id is in its details",
          ),
        ]
      : [];
  if (wanted.length === 0) return noOps;
  const token = await botToken();
  if (slack === null || !token.ok || token.value?.ok !== true) return [...noOps, notAsked("Membership of channels")];
  const { botName } = token.value.value;
  const looked = await Promise.all(
    wanted.map(async (id) =>
      judgeChannel(id, id === opsChannel ? "slack.opsChannel" : "--channel", botName, await slack.channel(id)),
    ),
  );
  return [...noOps, ...looked];
};

/**
 * A channel in which the bot is not: a public one is `not_in_channel`, a private one cannot be told from none
 * (docs.slack.dev, conversations.history, errors). Pure.
 */
export function judgeChannel(id: string, where: string, botName: string, said: Said<null>): Line {
  const named = `${id} (${where})`;
  if (said.ok) return well(`The bot is in ${named}`);
  const invite = `In that channel: /invite @${botName}`;
  switch (said.error) {
    case "not_in_channel":
      return wrong(`The bot is not in ${named}.`, invite);
    case "channel_not_found":
      return wrong(`The bot does not see ${named}: it is private and the bot is not in it, or there is none.`, invite);
    default:
      return unknown(`Whether the bot is in ${named} could not be seen: ${said.error}.`, invite);
  }
}
