import { workspace, type LocalMessage, type LocalSlack } from "../../src/embedded/local-slack.ts";
import { waitFor } from "./stack.ts";

const control = async (slack: LocalSlack, path: string, body: Record<string, unknown>): Promise<void> => {
  const answer = await fetch(`${slack.url}/_control/${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ channel: workspace.channel.id, ...body }),
  });
  if (!answer.ok) throw new Error(`local-slack refused ${path}: ${await answer.text()}`);
};

/** Somebody mentions the bot, in the channel or in a thread of it. */
export const mention = (slack: LocalSlack, user: string, text: string, threadTs?: string): Promise<void> =>
  control(slack, "message", {
    user,
    text: `<@${workspace.bot.userId}> ${text}`,
    ...(threadTs === undefined ? {} : { thread_ts: threadTs }),
  });

/** Somebody edits their message. */
export const edit = (slack: LocalSlack, user: string, ts: string, text: string): Promise<void> =>
  control(slack, "edit-message", { user, ts, text: `<@${workspace.bot.userId}> ${text}` });

/** What only this person was shown, once there is as much of it. */
export const whispered = (slack: LocalSlack, user: string, count = 1): Promise<LocalMessage[]> =>
  waitFor(
    async () => (await slack.messages()).filter((message) => message.ephemeral_to === user),
    (all) => all.length >= count,
    10_000,
  );

/** The first message that says it. */
export const saying = async (slack: LocalSlack, words: string): Promise<LocalMessage> => {
  const [found] = await waitFor(
    async () => (await slack.messages()).filter((message) => JSON.stringify(message).includes(words)),
    (all) => all.length > 0,
    10_000,
  );
  if (found === undefined) throw new Error(`nobody says ${words}`);
  return found;
};
