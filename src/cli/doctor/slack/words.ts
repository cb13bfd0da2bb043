import type { Said } from "../../../slack/access/inspect.ts";
import { unknown, wrong, type Line } from "../line.ts";

const apps = "https://api.slack.com/apps, your app";

export const mends = {
  botToken: `Copy it again: ${apps}, OAuth & Permissions, Bot User OAuth Token; then export SLACK_BOT_TOKEN=xoxb-…`,
  appToken: `Make one: ${apps}, Basic Information, App-Level Tokens, with the scope connections:write; then export SLACK_APP_TOKEN=xapp-…`,
  signingSecret: `Copy it: ${apps}, Basic Information, App Credentials, Signing Secret; then export SLACK_SIGNING_SECRET=…`,
  scopes: `${apps}, App Manifest: paste deploy/slack/socket-mode.yaml or http.yaml; then Install App, Reinstall`,
} as const;

/** What Slack says of a token that it does not take (docs.slack.dev, auth.test, errors). */
const refusals: Readonly<Record<string, string>> = {
  invalid_auth: "Slack does not know it",
  not_authed: "it is empty",
  account_inactive: "the app was uninstalled, or its workspace deleted",
  token_revoked: "it was revoked",
  token_expired: "it has expired",
  not_allowed_token_type: "it is a token of another kind",
  missing_scope: "it lacks the scope connections:write",
};

/** A token that Slack did not take, or that could not be tried. Pure. */
export function refusedToken(
  variable: string,
  mend: string,
  said: Extract<Said<unknown>, { ok: false }>,
  url: string,
): Line {
  return said.answered
    ? wrong(`${variable} is not accepted: ${refusals[said.error] ?? "Slack says so"} (${said.error}).`, mend)
    : wrong(`Slack does not answer: ${said.error}.`, `curl -sS ${url}api.test`);
}

/** What could not be asked since the token did not get through. Pure. */
export const notAsked = (what: string): Line => unknown(`${what}: not asked, since Slack did not take the bot token.`);
