import { readFileSync } from "node:fs";
import { parse } from "yaml";
import type { ApiCall } from "./call.ts";

/**
 * The bot scopes that Slack wants for a method, any one of them; none: no scope is needed. Written down from slack-api-ref at
 * f4837c0 (docs.slack.dev/methods), not from the bot's own table, which is tried against it.
 */
const needed: Readonly<Record<string, readonly string[]>> = {
  "auth.test": [],
  "canvases.create": ["canvases:write"],
  "chat.delete": ["chat:write"],
  "chat.getPermalink": [],
  "chat.postEphemeral": ["chat:write"],
  "chat.postMessage": ["chat:write"],
  "chat.update": ["chat:write"],
  "conversations.create": ["channels:manage", "groups:write", "im:write", "mpim:write"],
  "conversations.open": ["im:write", "mpim:write", "channels:manage", "groups:write"],
  "conversations.setTopic": ["channels:manage", "channels:write.topic", "groups:write", "groups:write.topic"],
  "files.completeUploadExternal": ["files:write"],
  "files.getUploadURLExternal": ["files:write"],
  "pins.add": ["pins:write"],
  "pins.list": ["pins:read"],
  "pins.remove": ["pins:write"],
  "usergroups.list": ["usergroups:read"],
  "usergroups.users.list": ["usergroups:read"],
  "users.info": ["users:read"],
  "users.list": ["users:read"],
  "views.open": [],
  "views.publish": [],
  "views.push": [],
  "views.update": [],
};

/** What is read of a conversation needs the scope of its kind, which the first letter of its id tells. */
const histories: Readonly<Record<string, string>> = { C: "channels:history", G: "groups:history", D: "im:history" };

/** The bot scopes that the manifest of the Slack app asks for. */
export function manifestScopes(): string[] {
  const text = readFileSync(new URL("../../../deploy/slack/socket-mode.yaml", import.meta.url), "utf8");
  return (parse(text) as { oauth_config: { scopes: { bot: string[] } } }).oauth_config.scopes.bot;
}

/**
 * The scopes of which a call with a token of these lacks one; null: none is lacking; undefined: nothing is known of the method.
 */
export function missingScopes(
  { method, form }: ApiCall,
  granted: readonly string[],
): readonly string[] | null | undefined {
  if (method === "apps.connections.open") return null;
  const any =
    method === "conversations.history" || method === "conversations.replies"
      ? [histories[form.get("channel")?.[0] ?? "C"] ?? "channels:history"]
      : needed[method];
  if (any === undefined) return undefined;
  return any.length === 0 || any.some((scope) => granted.includes(scope)) ? null : any;
}
