import type { App } from "@slack/bolt";
import { actionPrefix } from "../action-prefix.ts";
import type { z } from "zod";
import type { Actor } from "../../run/service.ts";
import type { MessageContent } from "../limits.ts";
import { flattenValues, readMetadata, valueOf, type OpenModal } from "../modal.ts";
import { changePayload, clickPayload } from "../payload.ts";
import { firstDelivery } from "../store/deliveries.ts";
import { publishHome } from "./hear-home.ts";
import { attempt, read, type Hearing } from "./hearing.ts";
import { surfacesOf } from "./surfaces-of.ts";

type Click = z.output<typeof clickPayload>;
type Change = z.output<typeof changePayload>;

/** Buttons in messages, forms and the App Home, and what is changed in forms: each click once. */
export function hearClicks(app: App, hearing: Hearing): void {
  app.action(
    { type: "block_actions", action_id: new RegExp(`^${actionPrefix}`) },
    async ({ body, action, ack, respond }) => {
      await ack();
      const click = read(clickPayload, body, hearing);
      const change = read(changePayload, action, hearing);
      if (click === null || change === null) return;
      const inForm = click.view?.type === "modal";
      if (change.type !== "button" && !inForm) return;
      const actor = actorOf(click);
      const answer = await attempt(hearing, actor, () => handle(hearing, click, change, actor));
      if (click.view?.type === "home") await publishHome(hearing, actor);
      if (answer === undefined) return;
      // Slack gives a `response_url` for messages only.
      if (click.view === undefined) await respond({ response_type: "ephemeral", replace_original: false, ...answer });
      else await tell(hearing, actor, answer);
    },
  );
}

function actorOf({ user, channel, view }: Click): Actor {
  return {
    userId: user.id,
    // The person's own workspace: `body.team` is where the click happened, which in a shared channel is ours.
    teamId: user.team_id ?? "",
    channelId: channel?.id ?? readMetadata(view?.private_metadata ?? "")?.channelId ?? "",
  };
}

async function handle(
  hearing: Hearing,
  { view, trigger_id: triggerId }: Click,
  change: Change,
  actor: Actor,
): Promise<MessageContent | void> {
  const { dispatcher, database } = hearing;
  if (!(await firstDelivery(database, `click:${change.action_ts}:${change.action_id}:${actor.userId}`))) return;
  const surfaces = surfacesOf(hearing, {
    triggerId,
    channelId: actor.channelId,
    ...(view?.type === "modal" ? { view } : {}),
  });
  const name = change.action_id.slice(actionPrefix.length);
  const value = valueOf(change);
  const single = typeof value === "string" ? value : (value ?? []).join(",");
  if (change.type === "button") return dispatcher.click(name, single, actor, surfaces);
  const modal: OpenModal = {
    values: flattenValues(view?.state?.values ?? {}),
    state: readMetadata(view?.private_metadata ?? "")?.state ?? "",
  };
  return dispatcher.change(name, single, modal, actor, surfaces);
}

/** In the channel, to this person; where there is none (the App Home), as a direct message would be too much: the log. */
async function tell({ views, log }: Hearing, actor: Actor, answer: MessageContent): Promise<void> {
  const told = await views.whisper(actor.channelId === "" ? actor.userId : actor.channelId, actor.userId, answer);
  if (!told.ok) log.warn({ error: told.error }, "an answer to a click was not shown");
}
