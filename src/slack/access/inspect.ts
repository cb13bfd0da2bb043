import { WebAPIPlatformError, WebAPIRateLimitedError, type WebAPICallResult, type FetchFunction } from "@slack/web-api";
import { messageOf } from "../../errors.ts";
import { webClient } from "../web-client.ts";

/** What Slack said of a call; `answered` false: it was not reached, or its answer could not be read. */
export type Said<T> = { ok: true; value: T } | { ok: false; answered: boolean; error: string };

export interface TokenFacts {
  team: string;
  botName: string;
  /** Of the token (the header `x-oauth-scopes`); null where Slack named none. */
  scopes: readonly string[] | null;
  /** By the answer's Date header, which counts whole seconds; null where there is none. */
  clock: { theirsMs: number | null; askedAtMs: number; answeredAtMs: number };
}

/** A look at Slack that changes nothing. */
export interface SlackInspection {
  botToken(): Promise<Said<TokenFacts>>;
  /** Whether a socket may be opened with the app-level token; none is opened. */
  appToken(token: string): Promise<Said<null>>;
  /** Whether the bot may read the channel, as a member may. Needs no scope but those that the bot has anyway. */
  channel(channelId: string): Promise<Said<null>>;
}

/** Every call ends within `timeoutMs`. */
export function inspectSlack(token: string, slackApiUrl: string | undefined, timeoutMs: number): SlackInspection {
  return {
    botToken: async () => {
      const clock = { theirsMs: null as number | null, askedAtMs: 0, answeredAtMs: 0 };
      const observed: FetchFunction = async (input, init) => {
        clock.askedAtMs = Date.now();
        const response = await fetch(input, init);
        clock.answeredAtMs = Date.now();
        const theirsMs = Date.parse(response.headers.get("date") ?? "");
        clock.theirsMs = Number.isNaN(theirsMs) ? null : theirsMs;
        return response;
      };
      const said = await saying(webClient({ token, slackApiUrl, timeoutMs, fetch: observed }).auth.test());
      if (!said.ok) return said;
      const { team, user, response_metadata: told } = said.value;
      const scopes = told?.scopes ?? null;
      return { ok: true, value: { team: team ?? "?", botName: user ?? "?", scopes, clock } };
    },
    appToken: async (appToken) =>
      nothing(await saying(webClient({ token: appToken, slackApiUrl, timeoutMs }).apps.connections.open({}))),
    channel: async (channel) =>
      nothing(await saying(webClient({ token, slackApiUrl, timeoutMs }).conversations.history({ channel, limit: 1 }))),
  };
}

function nothing(said: Said<unknown>): Said<null> {
  return said.ok ? { ok: true, value: null } : said;
}

async function saying<T extends WebAPICallResult>(call: Promise<T>): Promise<Said<T>> {
  try {
    return { ok: true, value: await call };
  } catch (error) {
    if (error instanceof WebAPIPlatformError) return { ok: false, answered: true, error: error.data.error };
    if (error instanceof WebAPIRateLimitedError) return { ok: false, answered: false, error: "asked too often" };
    return { ok: false, answered: false, error: messageOf(error) };
  }
}
