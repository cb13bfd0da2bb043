import { messageOf } from "../../../errors.ts";
import { readSecret } from "../../../config/secret.ts";
import { slackApi } from "../../../slack/access/gated-fetch.ts";
import type { Check } from "../asked.ts";
import { unknown, well, wrong, type Line } from "../line.ts";
import { mends, notAsked, refusedToken } from "./words.ts";

/** What lets Slack reach the bot: the app-level token of Socket Mode, tried for real, or the signing secret of HTTP. */
export const secondSecret: Check = async ({ config, environment, slack }) => {
  const { mode, apiUrl = slackApi } = config.slack;
  if (mode === "none") return [];
  const name = mode === "socket" ? "SLACK_APP_TOKEN" : "SLACK_SIGNING_SECRET";
  const mend = mode === "socket" ? mends.appToken : mends.signingSecret;
  let secret: string | undefined;
  try {
    secret = readSecret(environment, name);
  } catch (error) {
    return [wrong(messageOf(error), mend)];
  }
  if (secret === undefined) return [wrong(`${name} is not set.`, mend)];
  if (mode === "http") return [judgeSigningSecret(secret)];
  if (slack === null) return [notAsked("The app-level token")];
  const said = await slack.appToken(secret);
  return [said.ok ? well("The app-level token may open a socket") : refusedToken(name, mend, said, apiUrl)];
};

/** 32 hexadecimal digits (docs.slack.dev, Verifying requests from Slack). Pure. */
export function judgeSigningSecret(secret: string): Line {
  return /^[0-9a-f]{32}$/.test(secret)
    ? unknown(
        "SLACK_SIGNING_SECRET is set and has the form of one; Slack has no call that tries it.",
        "Event Subscriptions of the app, Retry: it must say Verified while the bot runs",
      )
    : wrong("SLACK_SIGNING_SECRET is no signing secret: that has 32 hexadecimal digits.", mends.signingSecret);
}
