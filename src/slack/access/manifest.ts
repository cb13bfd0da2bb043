import { Document, isScalar, isSeq } from "yaml";
import { actionPrefix, noteMessage } from "../action-prefix.ts";
import { events } from "./methods.ts";
import { botScopes, scopes, type BotScope } from "./scopes.ts";

/** How Slack reaches the bot. */
export type Delivery = "socket" | "http";

/** Where Slack sends everything in HTTP mode; whoever installs the app puts their own host in. */
export const exampleUrl = "https://aftershock.example.com/slack/events";

/** An app's manifest as Slack takes it (docs.slack.dev, App manifest reference; @slack/web-api, manifest.d.ts). Pure. */
export function manifest(delivery: Delivery): object {
  const url = delivery === "http" ? { request_url: exampleUrl } : {};
  return {
    display_information: {
      name: "Aftershock",
      description:
        "Chaos experiments on databases, caches and queues: asked for, approved, watched and judged in a channel",
      background_color: "#1f2937",
    },
    features: {
      app_home: { home_tab_enabled: true, messages_tab_enabled: true, messages_tab_read_only_enabled: true },
      bot_user: { display_name: "aftershock", always_online: true },
      shortcuts: [
        {
          name: "Add to the notes",
          type: "message",
          callback_id: `${actionPrefix}${noteMessage}`,
          description: "Makes a note of this message in the game day of this channel",
        },
      ],
      slash_commands: [
        {
          command: "/chaos",
          description: "Chaos experiments: list, run, approve, watch, stop",
          usage_hint: "help | list | run NAME | status | halt",
          // So that people and channels arrive as ids.
          should_escape: true,
          ...(delivery === "http" ? { url: exampleUrl } : {}),
        },
      ],
    },
    oauth_config: { scopes: { bot: botScopes } },
    settings: {
      event_subscriptions: { ...url, bot_events: Object.keys(events) },
      interactivity: { is_enabled: true, ...url },
      org_deploy_enabled: false,
      socket_mode_enabled: delivery === "socket",
      token_rotation_enabled: false,
    },
  };
}

const heads: Readonly<Record<Delivery, string>> = {
  socket: " Slack app for slack.mode: socket. Slack reaches the bot over a socket that the bot opens.",
  http: ` Slack app for slack.mode: http. Put your own host in place of ${new URL(exampleUrl).host}, in all three places.`,
};

/** The same as YAML, with what each scope is for above it. Pure. */
export function manifestYaml(delivery: Delivery): string {
  const document = new Document(manifest(delivery));
  document.commentBefore = `${heads[delivery]}\n Made by npm run manifests from src/slack/access; a test says when it is behind.`;
  const bot = document.getIn(["oauth_config", "scopes", "bot"]);
  if (isSeq(bot)) {
    for (const item of bot.items) {
      if (isScalar(item) && isScope(item.value)) item.commentBefore = ` ${scopes[item.value].why}`;
    }
  }
  return document.toString({ lineWidth: 0 });
}

function isScope(value: unknown): value is BotScope {
  return typeof value === "string" && Object.hasOwn(scopes, value);
}
