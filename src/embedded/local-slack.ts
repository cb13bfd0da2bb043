import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { WebSocket } from "ws";
import { AftershockError } from "../errors.ts";
import { startChild, untilReady } from "./child.ts";
import { onFreePort } from "./free-port.ts";

/** The workspace of the demo and the tests. */
export const workspace = {
  teamId: "T0LOCAL",
  channel: { id: "C0CHAOS", name: "chaos" },
  bot: { userId: "U0BOT", token: "xoxb-local", appToken: "xapp-local", signingSecret: "local-signing-secret" },
  people: [
    { id: "U0ALICE", name: "alice", real_name: "Alice" },
    { id: "U0BOB", name: "bob", real_name: "Bob" },
    { id: "U0CAROL", name: "carol", real_name: "Carol" },
    { id: "U0DAVE", name: "dave", real_name: "Dave" },
    { id: "U0ERIN", name: "erin", real_name: "Erin" },
  ],
} as const;

/** How many times Slack's rates the bot may go by here: the stand-in has no limits, and a thread shall grow as its run does. */
export const localSlackSpeed = 20;

/** A message as local-slack's control API tells it. */
export interface LocalMessage {
  ts: string;
  thread_ts?: string;
  user?: string;
  text?: string;
  blocks?: Array<Record<string, unknown>>;
  files?: Array<{ id: string; name: string; url_private?: string }>;
  ephemeral_to?: string;
}

export interface LocalViews {
  modalStack: unknown[];
  homeViews: unknown;
}

export interface LocalSlack {
  /** Its web page. */
  url: string;
  apiUrl: string;
  command(user: string, command: string, text: string): Promise<void>;
  click(user: string, messageTs: string, action: Record<string, unknown>): Promise<void>;
  messages(): Promise<LocalMessage[]>;
  /** Opens the bot's App Home, as a person does by clicking on it. */
  openHome(user: string): Promise<void>;
  /** The forms that are open, and the App Homes by person and app. */
  views(): Promise<LocalViews>;
  stop(): Promise<void>;
}

/** Starts local-slack, a stand-in that speaks Slack's own protocol (Web API, Socket Mode) and shows a page. */
export function startLocalSlack(directory: string, wantedPort?: number): Promise<LocalSlack> {
  const start = (port: number): Promise<LocalSlack> => startOn(port, directory);
  return wantedPort === undefined ? onFreePort(start) : start(wantedPort);
}

async function startOn(port: number, directory: string): Promise<LocalSlack> {
  const binary = findBinary();
  const config = join(directory, "local-slack.json");
  const files = join(directory, "slack-files");
  mkdirSync(files, { recursive: true });
  writeFileSync(config, JSON.stringify(configuration()));
  const logFile = join(directory, "local-slack.log");
  const server = startChild({
    name: "local-slack",
    command: [binary, "--config", config, "--port", String(port), "--base-host", "127.0.0.1", "--files-dir", files],
    logFile,
  });
  const url = `http://127.0.0.1:${port}`;
  await untilReady(server, {
    name: "local-slack",
    logFile,
    deadlineMs: 20_000,
    ready: async () => (await fetch(`${url}/_control/state`)).ok,
  });
  const control = async (path: string, body: Record<string, unknown>): Promise<void> => {
    const answer = await fetch(`${url}/_control/${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`local-slack refused ${path}: ${await answer.text()}`);
  };
  const channel = workspace.channel.id;
  return {
    url,
    apiUrl: `${url}/api/`,
    command: (user, command, text) => control("command", { channel, user, command, text }),
    click: (user, messageTs, action) => control("interact", { channel, messageTs, user, action }),
    messages: async () => {
      const answer = await fetch(`${url}/_control/messages/${channel}`);
      return ((await answer.json()) as { messages: LocalMessage[] }).messages;
    },
    openHome: (user) => control("open-home", { user }),
    views: () => viewsOf(url),
    stop: () => server.stop(),
  };
}

/** It tells its views to its own page only: they are in the first message of that page's WebSocket. */
function viewsOf(url: string): Promise<LocalViews> {
  const page = new WebSocket(`${url.replace("http:", "ws:")}/ui`);
  return new Promise<LocalViews>((resolve, reject) => {
    page.once("error", reject);
    page.once("message", (data: Buffer) => resolve((JSON.parse(data.toString()) as { state: LocalViews }).state));
  }).finally(() => page.close());
}

function configuration(): Record<string, unknown> {
  const { bot, people, channel } = workspace;
  return {
    workspace: { name: "Aftershock demo", domain: "aftershock-demo", teamId: workspace.teamId },
    app: {
      appId: "A0AFTERSHOCK",
      botUserId: bot.userId,
      botName: "aftershock",
      botToken: bot.token,
      appToken: bot.appToken,
      signingSecret: bot.signingSecret,
      mode: "socket",
    },
    users: people,
    channels: [
      { ...channel, topic: "Game days and experiments", members: [...people.map(({ id }) => id), bot.userId] },
    ],
  };
}

function findBinary(): string {
  try {
    const folder = dirname(createRequire(import.meta.url).resolve("local-slack-linux-x64/package.json"));
    const binary = join(folder, "bin", "local-slack");
    if (existsSync(binary)) return binary;
  } catch {
    // It is an optional package: not there on other platforms.
  }
  throw new AftershockError(
    "not_supported_here",
    "The local Slack stand-in is there for Linux on x86-64 only.",
    "Run the demo there, or connect a real workspace: see docs/install-slack.md.",
  );
}
