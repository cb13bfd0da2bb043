import { WebAPIPlatformError } from "@slack/web-api";
import type { View } from "@slack/types";
import type { MessageContent } from "./limits.ts";
import { webClient, type SlackApi } from "./web-client.ts";

/** What became of a call: done, refused with Slack's word, or not known. */
export type ViewResult =
  | {
      ok: true;
      viewId: string;
      /** Of the view as it is now; empty where Slack told none. */
      hash: string;
    }
  | { ok: false; error: string };

/** Calls for one person, at once or never: nothing of it is repeated, since the person is waiting. Never rejects. */
export interface ViewPort {
  open(triggerId: string, view: View): Promise<ViewResult>;
  /** With the hash of the view that was seen, another change in between refuses it (`hash_conflict`). */
  update(viewId: string, hash: string | null, view: View): Promise<ViewResult>;
  publishHome(userId: string, view: View): Promise<ViewResult>;
  /** A message in the channel, or in a thread of it, that only this person sees. */
  whisper(channelId: string, userId: string, message: MessageContent, threadTs?: string): Promise<ViewResult>;
}

/** The permission to open a form ends 3 s after the click; an answer later than that is of no use. */
const timeoutMs = 3000;

/** The port on Slack's Web API, with a client of its own: what the outbox waits for is nothing that a person should. */
export function createViewPort(token: string, slackApiUrl: string | undefined, fetch?: SlackApi["fetch"]): ViewPort {
  const client = webClient({ token, slackApiUrl, timeoutMs, fetch });
  return {
    open: (triggerId, view) => attempt(() => client.views.open({ trigger_id: triggerId, view })),
    update: (viewId, hash, view) =>
      attempt(() => client.views.update({ view_id: viewId, view, ...(hash === null ? {} : { hash }) })),
    publishHome: (userId, view) => attempt(() => client.views.publish({ user_id: userId, view })),
    whisper: (channelId, userId, message, threadTs) =>
      attempt(async () => {
        await client.chat.postEphemeral({
          channel: channelId,
          user: userId,
          ...(threadTs === undefined ? {} : { thread_ts: threadTs }),
          text: message.text,
          blocks: message.blocks,
        });
        return {};
      }),
  };
}

async function attempt(call: () => Promise<{ view?: { id?: string; hash?: string } }>): Promise<ViewResult> {
  try {
    const answer = await call();
    return { ok: true, viewId: answer.view?.id ?? "", hash: answer.view?.hash ?? "" };
  } catch (error) {
    if (error instanceof WebAPIPlatformError) return { ok: false, error: error.data.error };
    return { ok: false, error: error instanceof Error ? error.message : String(error) };
  }
}
