import { workspace, type LocalMessage, type LocalSlack } from "../../src/embedded/local-slack.ts";

/** Makes a channel in local-slack by Slack's own method, as the bot; resolves to its id. */
export async function makeChannel(slack: LocalSlack, name: string): Promise<string> {
  const answer = await fetch(`${slack.apiUrl}conversations.create`, {
    method: "POST",
    headers: { authorization: `Bearer ${workspace.bot.token}`, "content-type": "application/json" },
    body: JSON.stringify({ name }),
  });
  const said = (await answer.json()) as { ok: boolean; error?: string; channel?: { id: string } };
  if (said.channel === undefined) throw new Error(`conversations.create: ${said.error}`);
  return said.channel.id;
}

/** local-slack as somebody sees it who types, reads and clicks in one channel. */
export function inChannel(slack: LocalSlack, channel: string): LocalSlack {
  const control = async (path: string, body: Record<string, unknown>): Promise<void> => {
    const answer = await fetch(`${slack.url}/_control/${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ channel, ...body }),
    });
    if (!answer.ok) throw new Error(`local-slack refused ${path}: ${await answer.text()}`);
  };
  return {
    ...slack,
    command: (user, command, text) => control("command", { user, command, text }),
    click: (user, messageTs, action) => control("interact", { messageTs, user, action }),
    messages: async () => {
      const answer = await fetch(`${slack.url}/_control/messages/${channel}`);
      return ((await answer.json()) as { messages: LocalMessage[] }).messages;
    },
  };
}
