import type { App } from "@slack/bolt";
import type { Actor } from "../../run/service.ts";
import { commandPayload } from "../payload.ts";
import { firstDelivery } from "../store/deliveries.ts";
import { attempt, read, type Hearing } from "./hearing.ts";
import { surfacesOf } from "./surfaces-of.ts";

/** Slash commands: each delivery once, answered to the person only. */
export function hearCommands(app: App, hearing: Hearing): void {
  app.command(hearing.command, async ({ command, ack, respond }) => {
    await ack();
    const payload = read(commandPayload, command, hearing);
    if (payload === null) return;
    const actor: Actor = { userId: payload.user_id, teamId: payload.team_id, channelId: payload.channel_id };
    const surfaces = surfacesOf(hearing, { triggerId: payload.trigger_id, channelId: payload.channel_id });
    const reply = await attempt(hearing, actor, async () =>
      (await firstDelivery(hearing.database, `command:${payload.trigger_id}`))
        ? hearing.dispatcher.command(payload.text, actor, surfaces)
        : undefined,
    );
    if (reply !== undefined) await respond({ response_type: "ephemeral", ...reply });
  });
}
