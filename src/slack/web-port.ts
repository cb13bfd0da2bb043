import {
  WebAPIHTTPError,
  WebAPIPlatformError,
  WebAPIRateLimitedError,
  WebAPIRequestError,
  type WebClient,
} from "@slack/web-api";
import type { MessageContent } from "./limits.ts";
import type { Look, PostTarget, SlackPort, SlackProblem, SlackResult } from "./port.ts";
import { webClient, type SlackApi } from "./web-client.ts";
import { isUnreached } from "../unreached.ts";

/** Slack's own trouble: it may or may not have done it (slack-api-ref, errors common to all methods). */
const transientErrors: ReadonlySet<string> = new Set([
  "internal_error",
  "fatal_error",
  "service_unavailable",
  "request_timeout",
]);

/** Limits of other calls than ours, which come without a `retry-after`. */
const busyErrors: ReadonlySet<string> = new Set(["ratelimited", "rate_limited", "message_limit_exceeded"]);
const busyForMs = 10_000;

/** Slack does not like how it looks; its words may still be said. */
const layoutErrors: ReadonlySet<string> = new Set([
  "invalid_blocks",
  "invalid_blocks_format",
  "msg_blocks_too_long",
  "msg_blocks_too_many",
]);

const markerEvent = "aftershock_message";
const timeoutMs = 10_000;

/** Errors after which no call with this token will work (anchors/slack-and-bots.md 1.7). */
const fatalErrors: ReadonlySet<string> = new Set([
  "invalid_auth",
  "account_inactive",
  "token_revoked",
  "token_expired",
  "not_authed",
]);

/**
 * The port on Slack's Web API. Two clients: one for progress edits and one for all that must not wait for them. The
 * client's own retries are off in both: a repeated post would stand there twice, and one 429 would pause everything.
 */
export function createWebPort(token: string, slackApiUrl: string | undefined, fetch?: SlackApi["fetch"]): SlackPort {
  // Problems are results here, which the outbox logs.
  const client = (): WebClient => webClient({ token, slackApiUrl, timeoutMs, fetch });
  const [posts, edits] = [client(), client()];
  const metadata = (marker: string) => ({ event_type: markerEvent, event_payload: { key: marker } });
  const body = (message: MessageContent) => ({ text: message.text, blocks: message.blocks, unfurl_links: false });
  /** Says it in plain words when Slack does not take the blocks: an approval must not fail for its looks. */
  const orPlain = async <T>(message: MessageContent, call: (message: MessageContent) => Promise<T>): Promise<T> => {
    try {
      return await call(message);
    } catch (error) {
      if (!(error instanceof WebAPIPlatformError) || !layoutErrors.has(error.data.error)) throw error;
      return call({ text: message.text, blocks: [] });
    }
  };
  const placeOf = createPlaces(posts);
  return {
    post: (target, message, marker) =>
      attempt(async () => {
        const channel = await placeOf(target.channelId);
        const answer = await orPlain(message, (said) =>
          posts.chat.postMessage({
            channel,
            ...(target.threadTs === undefined ? {} : { thread_ts: target.threadTs }),
            ...body(said),
            metadata: metadata(marker),
          }),
        );
        return answer.ts ?? null;
      }),
    update: (channelId, ts, message, marker) =>
      attempt(async () => {
        const channel = await placeOf(channelId);
        await orPlain(message, (said) => edits.chat.update({ channel, ts, ...body(said), metadata: metadata(marker) }));
        return ts;
      }),
    upload: (target, comment, files) =>
      attempt(async () => {
        await posts.filesUploadV2({
          channel_id: await placeOf(target.channelId),
          ...(target.threadTs === undefined ? {} : { thread_ts: target.threadTs }),
          initial_comment: comment,
          file_uploads: files.map((file) => ({
            file: file.bytes,
            filename: file.name,
            title: file.name,
            ...(file.altText === undefined ? {} : { alt_text: file.altText }),
          })),
        } as Parameters<typeof posts.filesUploadV2>[0]);
        return null;
      }),
    pin: (channelId, ts) =>
      attempt(async () => {
        await posts.pins.add({ channel: channelId, timestamp: ts }).catch((error: unknown) => {
          if (!(error instanceof WebAPIPlatformError) || error.data.error !== "already_pinned") throw error;
        });
        return ts;
      }),
    canvas: (channelId, title, markdown) =>
      attempt(async () => {
        // docs.slack.dev, canvases.create: a plan without free-standing canvases needs the channel.
        await posts.apiCall("canvases.create", {
          title,
          channel_id: channelId,
          document_content: JSON.stringify({ type: "markdown", markdown }),
        });
        return null;
      }),
    find: (target, look) =>
      attempt(async () => findMessage(posts, { ...target, channelId: await placeOf(target.channelId) }, look)),
  };
}

/**
 * Where messages for an id go: a person's id means the direct conversation with them, which is opened once
 * (docs.slack.dev, conversations.open, scope `im:write`). Without that scope their own id serves: Slack takes it where a
 * message is posted (docs.slack.dev, chat.postMessage), and nowhere else.
 */
function createPlaces(client: WebClient): (channelId: string) => Promise<string> {
  const opened = new Map<string, string>();
  return async (channelId) => {
    if (!/^[UW]/.test(channelId)) return channelId;
    const known = opened.get(channelId);
    if (known !== undefined) return known;
    try {
      const { channel } = await client.conversations.open({ users: channelId });
      if (channel?.id === undefined) return channelId;
      opened.set(channelId, channel.id);
      return channel.id;
    } catch (error) {
      if (error instanceof WebAPIPlatformError && error.data.error === "missing_scope") return channelId;
      throw error;
    }
  };
}

async function findMessage(client: WebClient, target: PostTarget, look: Look): Promise<string | null> {
  const page = { channel: target.channelId, limit: 999, include_all_metadata: true };
  const answer =
    target.threadTs === undefined
      ? await client.conversations.history(page)
      : await client.conversations.replies({ ...page, ts: target.threadTs });
  const found = (answer.messages ?? []).find((message) => {
    if (message.ts === undefined || look.known.includes(message.ts)) return false;
    if (message.metadata?.event_type === markerEvent) {
      return (message.metadata.event_payload as { key?: unknown } | undefined)?.key === look.marker;
    }
    const names = message.files?.map((file) => file.name ?? "") ?? [];
    if (look.fileNames.length > 0) return look.fileNames.every((name) => names.includes(name));
    // A person who copied our words is not us.
    return message.bot_id !== undefined && names.length === 0 && look.texts.includes(message.text ?? "");
  });
  return found?.ts ?? null;
}

async function attempt(call: () => Promise<string | null>): Promise<SlackResult> {
  try {
    return { ok: true, ts: await call() };
  } catch (error) {
    return { ok: false, problem: problemOf(error) };
  }
}

/** Only Slack's own "no" proves that nothing was done; a lost or broken answer proves nothing. */
export function problemOf(error: unknown): SlackProblem {
  if (error instanceof WebAPIRateLimitedError) return { kind: "rate-limited", retryAfterMs: error.retryAfter * 1000 };
  if (error instanceof WebAPIPlatformError) {
    const code = error.data.error;
    if (busyErrors.has(code)) return { kind: "rate-limited", retryAfterMs: busyForMs };
    if (transientErrors.has(code)) return { kind: "unknown", error: code };
    return { kind: fatalErrors.has(code) ? "unauthorised" : "refused", error: code };
  }
  if (error instanceof WebAPIRequestError && isUnreached(error)) {
    return { kind: "unreached", error: error.message };
  }
  if (error instanceof WebAPIHTTPError) return { kind: "unknown", error: `HTTP ${error.statusCode}` };
  return { kind: "unknown", error: error instanceof Error ? error.message : String(error) };
}
