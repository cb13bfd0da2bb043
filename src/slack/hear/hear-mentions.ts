import type { App } from "@slack/bolt";
import type { z } from "zod";
import type { Actor } from "../../run/service.ts";
import { content, section, type MessageContent } from "../limits.ts";
import { wordsOf } from "../mention.ts";
import { mentionPayload } from "../payload.ts";
import { firstDelivery } from "../store/deliveries.ts";
import { runOfThread } from "../store/threads.ts";
import { noSurfaces } from "../surfaces.ts";
import { attempt, read, type Hearing } from "./hearing.ts";

type Mention = z.output<typeof mentionPayload>;

/**
 * Mentions, which work in threads, where Slack takes no slash command: what stands after the mention is done as it would be
 * after the command, about the thread's run where no other is named. Each message once, answered to the person only, where
 * it was said. What a bot says is no command: two of them would answer each other for ever.
 */
export function hearMentions(app: App, hearing: Hearing): void {
  app.event("app_mention", async ({ body, context }) => {
    const mention = read(mentionPayload, body, hearing);
    if (mention === null || mention.event.bot_id !== undefined || mention.event.user === undefined) return;
    const { channel, thread_ts: threadTs, user } = mention.event;
    const actor: Actor = { userId: user, teamId: teamOf(mention), channelId: channel };
    const answer = await attempt(hearing, actor, () => handle(hearing, mention, actor, context.botUserId));
    if (answer === undefined) return;
    const told = await hearing.views.whisper(channel, user, answer, threadTs);
    if (!told.ok) hearing.log.warn({ error: told.error }, "a mention was not answered");
  });
}

async function handle(
  { database, dispatcher }: Hearing,
  { event, event_id: eventId }: Mention,
  actor: Actor,
  botUserId: string | undefined,
): Promise<MessageContent | undefined> {
  // Slack repeats an event up to three times when it saw no answer in time (docs.slack.dev, Events API, Retries).
  if (!(await firstDelivery(database, `event:${eventId}`))) return undefined;
  if (event.edited !== undefined) return edited();
  if (!(await firstDelivery(database, `mention:${event.channel}:${event.ts}`))) return undefined;
  const runId = event.thread_ts === undefined ? null : await runOfThread(database, event.channel, event.thread_ts);
  return dispatcher.command(wordsOf(event.text, botUserId), actor, noSurfaces, runId);
}

/** Whoever mends a word expects something: it is said that nothing comes of it, rather than done a second time. */
function edited(): MessageContent {
  const text =
    "I do nothing when a message is edited: what it said at first was done, if I understood it.\nSay it again in a new message.";
  return content(text, [section(`:warning: ${text}`)]);
}

/**
 * The workspace of the person, not of the channel: in one that is shared with another organisation Slack names it
 * (docs.slack.dev, Slack Connect: `user_team`), and whoever has none there is of no workspace that is known.
 */
function teamOf({ event, team_id: teamId, is_ext_shared_channel: isShared }: Mention): string {
  return event.user_team ?? event.source_team ?? event.team ?? (isShared ? "" : teamId);
}
