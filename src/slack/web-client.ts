import { LogLevel, WebClient, type FetchFunction } from "@slack/web-api";
import { throughGate } from "./access/gated-fetch.ts";

/** Slack's Web API, and as whom. */
export interface SlackApi {
  token: string;
  /** Default: Slack's own. */
  slackApiUrl?: string | undefined;
  /** Default: Node's. */
  fetch?: FetchFunction | undefined;
}

/**
 * A client of Slack's Web API that asks once, says when it was told to wait, and logs nothing of its own: what to do then
 * is its caller's. One 429 pauses a whole client, so that each purpose has its own.
 */
export function webClient({ token, slackApiUrl, timeoutMs, fetch }: SlackApi & { timeoutMs: number }): WebClient {
  return new WebClient(token, {
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    timeout: timeoutMs,
    logLevel: LogLevel.ERROR,
    ...throughGate(slackApiUrl, fetch),
  });
}
