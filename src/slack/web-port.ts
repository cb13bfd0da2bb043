import {
  WebAPIHTTPError,
  WebAPIPlatformError,
  WebAPIRateLimitedError,
  WebClient,
  type WebClientOptions,
} from "@slack/web-api";
import type { MessageContent } from "./limits.ts";
import type { SlackPort, SlackProblem, SlackResult } from "./port.ts";

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
export function createWebPort(token: string, slackApiUrl: string | undefined): SlackPort {
  const options: WebClientOptions = {
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    timeout: timeoutMs,
    ...(slackApiUrl === undefined ? {} : { slackApiUrl }),
  };
  const posts = new WebClient(token, options);
  const edits = new WebClient(token, options);
  const metadata = (marker: string) => ({ event_type: markerEvent, event_payload: { key: marker } });
  const body = (message: MessageContent) => ({ text: message.text, blocks: message.blocks, unfurl_links: false });
  return {
    post: (target, message, marker) =>
      attempt(async () => {
        const answer = await posts.chat.postMessage({
          channel: target.channelId,
          ...(target.threadTs === undefined ? {} : { thread_ts: target.threadTs }),
          ...body(message),
          metadata: metadata(marker),
        });
        return answer.ts ?? null;
      }),
    update: (channelId, ts, message, marker) =>
      attempt(async () => {
        await edits.chat.update({ channel: channelId, ts, ...body(message), metadata: metadata(marker) });
        return ts;
      }),
    upload: (target, comment, files) =>
      attempt(async () => {
        await posts.filesUploadV2({
          channel_id: target.channelId,
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
    find: (target, look) =>
      attempt(async () => {
        const page = { channel: target.channelId, limit: 200, include_all_metadata: true };
        const answer =
          target.threadTs === undefined
            ? await posts.conversations.history(page)
            : await posts.conversations.replies({ ...page, ts: target.threadTs });
        const found = (answer.messages ?? []).find((message) => {
          if (message.metadata?.event_type === markerEvent) {
            return (message.metadata.event_payload as { key?: unknown } | undefined)?.key === look.marker;
          }
          const names = message.files?.map((file) => file.name ?? "") ?? [];
          if (look.fileNames !== undefined) return look.fileNames.every((name) => names.includes(name));
          return look.text !== undefined && message.text === look.text && names.length === 0;
        });
        return found?.ts ?? null;
      }),
  };
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
    return { kind: fatalErrors.has(code) ? "unauthorised" : "refused", error: code };
  }
  if (error instanceof WebAPIHTTPError) return { kind: "unknown", error: `HTTP ${error.statusCode}` };
  return { kind: "unknown", error: error instanceof Error ? error.message : String(error) };
}
