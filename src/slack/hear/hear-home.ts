import type { App } from "@slack/bolt";
import type { KnownBlock } from "@slack/types";
import { mayLook } from "../../approvals/authorise.ts";
import type { Actor } from "../../run/service.ts";
import { errorMessage } from "../errors.ts";
import { viewLimits } from "../modal.ts";
import { homePayload } from "../payload.ts";
import { homeRate } from "../rates.ts";
import { beginDrawing, endDrawing, type Drawing } from "../store/home-viewers.ts";
import { forOwnPeople, read, type Hearing } from "./hearing.ts";

/** The App Home is drawn whenever it is opened: Slack keeps what was shown last. */
export function hearHome(app: App, hearing: Hearing): void {
  app.event("app_home_opened", async ({ body }) => {
    const opened = read(homePayload, body, hearing);
    if (opened === null || opened.event.tab !== "home") return;
    await publishHome(hearing, { userId: opened.event.user, teamId: opened.team_id, channelId: "" });
  });
}

/** Draws it for one person who looks at it, and has it followed; a person of another organisation sees why not. */
export async function publishHome(hearing: Hearing, actor: Actor): Promise<void> {
  const isOurs = mayLook(hearing.teamId, actor).allowed;
  await drawHome(hearing, actor, isOurs ? await beginDrawing(hearing.database, actor, homeRate) : null);
}

/** Draws what is now; `drawing`: the turn that it belongs to, if it is followed. */
export async function drawHome(hearing: Hearing, actor: Actor, drawing: Drawing | null): Promise<void> {
  const { dispatcher, views, log, database } = hearing;
  let blocks: readonly KnownBlock[] | null;
  try {
    blocks = await forOwnPeople(hearing, actor, () => dispatcher.appHome(actor));
  } catch (error) {
    ({ blocks } = errorMessage(error, (reference, cause) => log.error({ err: cause, reference }, "unforeseen error")));
  }
  if (blocks === null) return;
  const shown = await views.publishHome(actor.userId, { type: "home", blocks: blocks.slice(0, viewLimits.blocks) });
  if (!shown.ok) log.warn({ error: shown.error }, "the App Home was not drawn");
  if (drawing !== null) await endDrawing(database, drawing, shown.ok);
}
