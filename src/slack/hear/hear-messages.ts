import type { App } from "@slack/bolt";
import { actionPrefix, noteMessage } from "../action-prefix.ts";
import type { Actor } from "../../run/service.ts";
import { reactionPayload, shortcutPayload } from "../payload.ts";
import { firstDelivery } from "../store/deliveries.ts";
import { attempt, read, type Hearing } from "./hearing.ts";
import { surfacesOf } from "./surfaces-of.ts";

/** The reaction that makes a note of a message: :memo:. */
export const noteReaction = "memo";

/** Messages that somebody points at, by a reaction or by the shortcut in a message's menu: each delivery once. */
export function hearMessages(app: App, hearing: Hearing): void {
  const { dispatcher, database, messages, views, log } = hearing;

  app.event("reaction_added", async ({ body }) => {
    const added = read(reactionPayload, body, hearing);
    if (added === null || added.event.reaction !== noteReaction || added.event.item.type !== "message") return;
    const { channel, ts } = added.event.item;
    if (channel === undefined || ts === undefined) return;
    if (!(await firstDelivery(database, `event:${added.event_id}`))) return;
    // Slack names no workspace of the person here; whether they are of ours is looked up where it is decided.
    const actor: Actor = { userId: added.event.user, teamId: added.team_id, channelId: channel };
    const pointed = { channelId: channel, ts, by: "reaction", read: () => messages.read(channel, ts) } as const;
    const answer = await attempt(hearing, actor, () => dispatcher.message(noteMessage, pointed, actor));
    if (answer === undefined) return;
    const told = await views.whisper(channel, actor.userId, answer);
    if (!told.ok) log.warn({ error: told.error }, "an answer to a reaction was not shown");
  });

  app.shortcut(
    { type: "message_action", callback_id: `${actionPrefix}${noteMessage}` },
    async ({ body, ack, respond }) => {
      await ack();
      const used = read(shortcutPayload, body, hearing);
      if (used === null) return;
      const { user, channel, message, trigger_id: triggerId } = used;
      if (!(await firstDelivery(database, `shortcut:${triggerId}`))) return;
      const actor: Actor = { userId: user.id, teamId: user.team_id ?? "", channelId: channel.id };
      const known = { text: message.text, authorId: message.user ?? null };
      const pointed = {
        channelId: channel.id,
        ts: message.ts,
        by: "shortcut",
        read: async () => ({ ...known, link: (await messages.read(channel.id, message.ts))?.link ?? null }),
      } as const;
      const surfaces = surfacesOf(hearing, { triggerId, channelId: channel.id });
      const answer = await attempt(hearing, actor, () => dispatcher.message(noteMessage, pointed, actor, surfaces));
      if (answer !== undefined) await respond({ response_type: "ephemeral", replace_original: false, ...answer });
    },
  );
}
