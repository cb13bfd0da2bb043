import { webClient, type SlackApi } from "./web-client.ts";

/** A message that somebody pointed at, as Slack has it. */
export interface SaidMessage {
  /** As it was written, with Slack's marks. */
  text: string;
  /** Who wrote it; null for what has no person. */
  authorId: string | null;
  /** Slack's link to it; null when it could not be had. */
  link: string | null;
}

export interface MessageReader {
  /** Null when it cannot be read: a scope is missing, the bot is not in the channel, or Slack did not answer. Never rejects. */
  read(channelId: string, ts: string): Promise<SaidMessage | null>;
}

const timeoutMs = 5000;

/**
 * Reads one message by `conversations.history`, or `conversations.replies` for one in a thread (scopes channels:history,
 * groups:history), and its link by `chat.getPermalink`.
 */
export function createMessageReader(
  token: string,
  slackApiUrl: string | undefined,
  fetch?: SlackApi["fetch"],
): MessageReader {
  const client = webClient({ token, slackApiUrl, timeoutMs, fetch });
  const orNull = <T>(work: Promise<T>): Promise<T | null> => work.catch(() => null);
  return {
    read: async (channel, ts) => {
      const there = { channel, latest: ts, oldest: ts, inclusive: true, limit: 1 };
      const inChannel = await orNull(client.conversations.history(there));
      const found =
        inChannel?.messages?.find((message) => message.ts === ts) ??
        (await orNull(client.conversations.replies({ channel, ts, limit: 1 })))?.messages?.find(
          (message) => message.ts === ts,
        );
      if (found === undefined) return null;
      const link = await orNull(client.chat.getPermalink({ channel, message_ts: ts }));
      return { text: found.text ?? "", authorId: found.user ?? null, link: link?.permalink ?? null };
    },
  };
}
