import { appScope, type BotScope } from "./scopes.ts";

/** A method of Slack's Web API that is called. */
export interface Method {
  /** All of them may be needed, each in its kind of conversation; none where Slack asks for none. */
  scopes: readonly (BotScope | typeof appScope)[];
}

const history: Method = { scopes: ["channels:history", "groups:history", "im:history", "metadata.message:read"] };

/**
 * Every method that the bot calls, with the scopes that it needs. Source: slack-api-ref at f4837c0, a reading of
 * docs.slack.dev; metadata.message:read from docs.slack.dev, Message metadata. What is not here is not sent (`gatedFetch`).
 */
export const methods = {
  "apps.connections.open": { scopes: [appScope] },
  "auth.test": { scopes: [] },
  "canvases.create": { scopes: ["canvases:write"] },
  "chat.getPermalink": { scopes: [] },
  "chat.postEphemeral": { scopes: ["chat:write"] },
  "chat.postMessage": { scopes: ["chat:write"] },
  "chat.update": { scopes: ["chat:write"] },
  "conversations.history": history,
  // Of a direct conversation with one person, which is all that is opened.
  "conversations.open": { scopes: ["im:write"] },
  "conversations.replies": history,
  "files.completeUploadExternal": { scopes: ["files:write"] },
  "files.getUploadURLExternal": { scopes: ["files:write"] },
  "pins.add": { scopes: ["pins:write"] },
  "usergroups.users.list": { scopes: ["usergroups:read"] },
  "users.info": { scopes: ["users:read"] },
  "views.open": { scopes: [] },
  "views.publish": { scopes: [] },
  "views.update": { scopes: [] },
} as const satisfies Readonly<Record<string, Method>>;

export type MethodName = keyof typeof methods;

/** What is listened to, with the scopes that Slack wants for it (docs.slack.dev, Events). */
export const events = {
  app_home_opened: { scopes: [] },
  app_mention: { scopes: ["app_mentions:read"] },
  reaction_added: { scopes: ["reactions:read"] },
} as const satisfies Readonly<Record<string, Method>>;

/** What else of the app's features needs a scope: the command, and the shortcut in a message's menu. */
export const features = { slash_commands: ["commands"], shortcuts: ["commands"] } as const satisfies Readonly<
  Record<string, readonly BotScope[]>
>;
