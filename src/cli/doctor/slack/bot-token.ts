import { messageOf } from "../../../errors.ts";
import { readSecret } from "../../../config/secret.ts";
import { botScopes, scopes, type BotScope } from "../../../slack/access/scopes.ts";
import { slackApi } from "../../../slack/access/gated-fetch.ts";
import type { Check } from "../asked.ts";
import { unknown, warning, well, wrong, type Line } from "../line.ts";
import { mends, refusedToken } from "./words.ts";

/** The bot token, by auth.test, and the scopes that its answer names. */
export const botToken: Check = async ({ config, environment, botToken: ask }) => {
  try {
    if (readSecret(environment, "SLACK_BOT_TOKEN") === undefined) {
      return [wrong("SLACK_BOT_TOKEN is not set.", mends.botToken)];
    }
  } catch (error) {
    return [wrong(messageOf(error), mends.botToken)];
  }
  const learnt = await ask();
  if (!learnt.ok || learnt.value === null) return [unknown("The bot token could not be tried.")];
  const said = learnt.value;
  if (!said.ok) return [refusedToken("SLACK_BOT_TOKEN", mends.botToken, said, config.slack.apiUrl ?? slackApi)];
  const { botName, team, scopes: granted } = said.value;
  return [well(`The bot token is good: @${botName} in ${team}`), ...judgeScopes(granted)];
};

/** Pure. */
export function judgeScopes(granted: readonly string[] | null): Line[] {
  if (granted === null) return [unknown("Slack does not say which scopes the bot token has.")];
  const missing = botScopes.filter((scope) => !granted.includes(scope));
  const spare = granted.filter((scope) => !isOurs(scope));
  return [
    ...(missing.length === 0 ? [well(`All ${botScopes.length} scopes are granted`)] : missing.map(lacking)),
    ...(spare.length === 0
      ? []
      : [warning(`The token has scopes that nothing needs: ${spare.join(", ")}.`, mends.scopes)]),
  ];
}

function lacking(scope: BotScope): Line {
  const { why, without } = scopes[scope];
  return without === null
    ? wrong(`The scope ${scope} is missing. ${why}`, mends.scopes)
    : warning(`The scope ${scope} is missing. ${without}`, mends.scopes);
}

function isOurs(scope: string): boolean {
  return Object.hasOwn(scopes, scope);
}
