import { WebSocket } from "ws";
import { workspace } from "../../src/embedded/local-slack.ts";
import type { GateRig } from "./gate-rig.ts";

type Payload = Readonly<Record<string, unknown>>;

/** The bot's side of Socket Mode without a bot: what Slack told it, and answers as the test wants them. */
export interface GateBot {
  /** Payloads, in the order they came. */
  told: Payload[];
  /** What it answers to payloads of a type, e.g. `view_submission`; by default nothing. */
  answer(type: string, make: (payload: Payload) => unknown): void;
  /** A fresh trigger: the person types a command, whose trigger it is. */
  trigger(user: string): Promise<string>;
  /** The next payload of a type; rejects when none comes within five seconds. */
  next(type: string): Promise<Payload>;
  close(): void;
}

/** Connects to the gate, and acknowledges all that comes. */
export async function connectBot(rig: GateRig): Promise<GateBot> {
  const { url = "" } = await rig.client.apps.connections.open({ token: workspace.bot.appToken });
  const socket = new WebSocket(url);
  const told: Payload[] = [];
  const answers = new Map<string, (payload: Payload) => unknown>();
  const heard = new Set<(payload: Payload) => void>();
  const ready = new Promise<void>((resolve, reject) => {
    socket.on("error", reject);
    socket.on("message", (data) => {
      const envelope = JSON.parse((data as Buffer).toString("utf8")) as {
        type: string;
        envelope_id?: string;
        payload?: Payload;
      };
      if (envelope.type === "hello") resolve();
      const { envelope_id: id, payload } = envelope;
      if (id === undefined || payload === undefined) return;
      told.push(payload);
      const answer = answers.get(typeOf(payload))?.(payload);
      if (answer !== "never") socket.send(JSON.stringify({ envelope_id: id, payload: answer }));
      for (const hear of heard) hear(payload);
    });
  });
  await ready;
  const next = (type: string): Promise<Payload> =>
    new Promise((resolve, reject) => {
      const give = (payload: Payload): void => {
        if (typeOf(payload) !== type) return;
        clearTimeout(timer);
        heard.delete(give);
        resolve(payload);
      };
      const timer = setTimeout(() => {
        heard.delete(give);
        reject(new Error(`no ${type} within 5 s`));
      }, 5000);
      heard.add(give);
    });
  return {
    told,
    answer: (type, make) => void answers.set(type, make),
    trigger: async (user) => {
      const command = next("command");
      await rig.slack.command(user, "/chaos", "");
      return String((await command)["trigger_id"]);
    },
    next,
    close: () => socket.close(),
  };
}

function typeOf(payload: Payload): string {
  if ("command" in payload) return "command";
  return String((payload["event"] as { type?: unknown } | undefined)?.type ?? payload["type"]);
}
