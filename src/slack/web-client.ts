import { LogLevel, WebClient } from "@slack/web-api";

/**
 * A client of Slack's Web API that asks once, says when it was told to wait, and logs nothing of its own: what to do then
 * is its caller's. One 429 pauses a whole client, so that each purpose has its own.
 */
export function webClient({
  token,
  slackApiUrl,
  timeoutMs,
}: {
  token: string;
  slackApiUrl: string | undefined;
  timeoutMs: number;
}): WebClient {
  return new WebClient(token, {
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    timeout: timeoutMs,
    logLevel: LogLevel.ERROR,
    ...(slackApiUrl === undefined ? {} : { slackApiUrl }),
  });
}
