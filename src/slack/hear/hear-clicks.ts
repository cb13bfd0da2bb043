import type { App } from "@slack/bolt";
import { actionPrefix } from "../action-prefix.ts";
import type { z } from "zod";
import type { Actor } from "../../run/service.ts";
import type { MessageContent } from "../limits.ts";
import { flattenValues, readMetadata, valueOf, type ModalView, type OpenModal } from "../modal.ts";
import { changePayload, clickPayload } from "../payload.ts";
import { firstDelivery } from "../store/deliveries.ts";
import { publishHome } from "./hear-home.ts";
import { attempt, read, type Hearing } from "./hearing.ts";
import { surfacesOf, type Occasion } from "./surfaces-of.ts";

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
      // Slack gives a `response_url` for messages only.
      const inMessage = click.view === undefined;
      if (answer !== undefined && inMessage) {
        // Without it the answer to a click in a thread would stand in the channel.
        const threadTs = click.container?.thread_ts ?? click.message?.thread_ts;
        const place = threadTs === undefined ? {} : { thread_ts: threadTs };
        await respond({ response_type: "ephemeral", replace_original: false, ...place, ...answer });
      } else if (answer !== undefined) {
        await tell(hearing, click, actor, answer);
      }
      // Also after a click in a form that was opened from there: what is behind it is true when it is closed.
      if (!inMessage && actor.channelId === "") await publishHome(hearing, actor);
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

async function handle(hearing: Hearing, click: Click, change: Change, actor: Actor): Promise<MessageContent | void> {
  const { dispatcher, database } = hearing;
  const { view } = click;
  if (!(await firstDelivery(database, `click:${change.action_ts}:${change.action_id}:${actor.userId}`))) return;
  const surfaces = surfacesOf(hearing, occasionOf(click, actor));
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

/** In the channel, to this person; in the App Home, where there is none, over the page. */
async function tell(hearing: Hearing, click: Click, actor: Actor, answer: MessageContent): Promise<void> {
  const { views, log } = hearing;
  if (actor.channelId !== "") {
    const told = await views.whisper(actor.channelId, actor.userId, answer);
    if (!told.ok) log.warn({ error: told.error }, "an answer to a click was not shown");
    return;
  }
  const surfaces = surfacesOf(hearing, occasionOf(click, actor));
  const shown: ModalView = { callback: "shown", title: "Aftershock", blocks: answer.blocks };
  const show = click.view?.type === "modal" ? surfaces.updateModal : surfaces.openModal;
  await show(shown).catch((error: unknown) => log.warn({ err: error }, "an answer to a click was not shown"));
}

function occasionOf({ view, trigger_id: triggerId }: Click, { channelId }: Actor): Occasion {
  return { triggerId, channelId, ...(view?.type === "modal" ? { view } : {}) };
}
