import type { LocalMessage, LocalSlack } from "./local-slack.ts";
import { workspace } from "./local-slack.ts";

/** Plays the people of the demo on local-slack: one asks, another approves, both by Slack's own protocol. */
export const requester = workspace.people[0];
export const approver = workspace.people[1];

/** Sends `/chaos TEXT` as a person and waits for the answer that only they see. */
export async function ask(slack: LocalSlack, user: string, text: string, deadlineMs = 45_000): Promise<LocalMessage> {
  const before = new Set((await slack.messages()).map((message) => message.ts));
  await slack.command(user, "/chaos", text);
  return untilMessage(slack, (message) => message.ephemeral_to === user && !before.has(message.ts), deadlineMs);
}

/** Clicks a button of a run's card, as a person would. */
export async function click(slack: LocalSlack, user: string, card: LocalMessage, name: string): Promise<void> {
  const button = buttonsOf(card).find((candidate) => candidate["action_id"] === `aftershock:${name}`);
  if (button === undefined) throw new Error(`the card has no button ${name}`);
  await slack.click(user, card.ts, { ...button, action_ts: clickedAt() });
}

/** As Slack tells it, with microseconds: a click is known by it, and nobody clicks twice in one. */
const clickedAt = (): string => ((performance.timeOrigin + performance.now()) / 1000).toFixed(6);

export function buttonsOf(message: LocalMessage): Array<Record<string, unknown>> {
  return (message.blocks ?? []).flatMap((block) =>
    block["type"] === "actions"
      ? (block["elements"] as Array<Record<string, unknown>>).map((element) => ({
          ...element,
          block_id: block["block_id"],
        }))
      : [],
  );
}

/** The card of a run: the message in the channel itself whose header names it. */
export function cardOf(messages: readonly LocalMessage[], runId: string): LocalMessage | undefined {
  return messages.find(
    (message) =>
      message.ephemeral_to === undefined &&
      (message.thread_ts === undefined || message.thread_ts === message.ts) &&
      message.text?.startsWith(`${runId} `) === true,
  );
}

export function threadOf(messages: readonly LocalMessage[], card: LocalMessage): LocalMessage[] {
  return messages.filter((message) => message.thread_ts === card.ts && message.ts !== card.ts);
}

/** Waits for a message that fits. */
export async function untilMessage(
  slack: LocalSlack,
  fits: (message: LocalMessage, all: readonly LocalMessage[]) => boolean,
  deadlineMs: number,
): Promise<LocalMessage> {
  const end = performance.now() + deadlineMs;
  for (;;) {
    const messages = await slack.messages();
    const found = messages.find((message) => fits(message, messages));
    if (found !== undefined) return found;
    if (performance.now() > end) throw new Error(`no such message within ${deadlineMs / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
