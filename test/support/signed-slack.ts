import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { workspace } from "../../src/embedded/local-slack.ts";

/** Speaks Slack's protocol to a bot in HTTP mode, as Slack does: signed requests (docs.slack.dev, Verifying requests). */
export interface SignedSlack {
  /** The bot's. */
  port: number;
  /** Resolves to the HTTP status. */
  send(request: SignedRequest): Promise<number>;
  /** Resolves to what the bot answers to the request itself. */
  ask(request: SignedRequest): Promise<{ status: number; body: string }>;
  command(user: string, text: string, change?: Record<string, string | undefined>): Promise<number>;
  click(user: string, action: Record<string, unknown>, change?: Record<string, unknown>): Promise<number>;
  /** What was answered to `response_url` since the last call. */
  answers(): string[];
  stop(): Promise<void>;
}

export interface SignedRequest {
  body: string | Buffer;
  contentType?: string | null;
  secret?: string;
  /** Seconds by which the time stamp is off. */
  offS?: number;
  headers?: Record<string, string | undefined>;
  path?: string;
  method?: string;
}

export function signature(body: string | Buffer, stamp: string, secret: string = workspace.bot.signingSecret): string {
  return `v0=${createHmac("sha256", secret).update(`v0:${stamp}:`).update(body).digest("hex")}`;
}

export const form = (fields: Record<string, string>): string => new URLSearchParams(fields).toString();
/** A click on Approve, as Slack sends it. */
export const approveBy = (user: string): string =>
  form({
    payload: JSON.stringify({
      type: "block_actions",
      team: { id: workspace.teamId },
      user: { id: user, team_id: workspace.teamId },
      actions: [{ type: "button", action_id: "aftershock:approve", block_id: "b", action_ts: "9.9", value: "run-1" }],
    }),
  });

const defined = (fields: Record<string, string | undefined>): Array<[string, string]> =>
  Object.entries(fields).flatMap(([name, value]): Array<[string, string]> =>
    value === undefined ? [] : [[name, value]],
  );

let deliveries = 0;

export async function signedSlack(port: number): Promise<SignedSlack> {
  let answers: string[] = [];
  const responses = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      answers.push(body);
      response.end("ok");
    });
  });
  await new Promise<void>((resolve) => responses.listen(0, "127.0.0.1", resolve));
  const responseUrl = `http://127.0.0.1:${(responses.address() as AddressInfo).port}/`;
  const ask: SignedSlack["ask"] = async (request) => {
    const { body, contentType = "application/x-www-form-urlencoded", secret, offS = 0, headers = {} } = request;
    const stamp = String(Math.floor(Date.now() / 1000) + offS);
    const all = {
      ...(contentType === null ? {} : { "content-type": contentType }),
      "x-slack-request-timestamp": stamp,
      "x-slack-signature": signature(body, stamp, secret),
      ...headers,
    };
    const answer = await fetch(`http://127.0.0.1:${port}${request.path ?? "/slack/events"}`, {
      method: request.method ?? "POST",
      headers: defined(all),
      ...(request.method === "GET" ? {} : { body }),
    });
    return { status: answer.status, body: await answer.text() };
  };
  const send = async (request: SignedRequest): Promise<number> => (await ask(request)).status;
  return {
    port,
    ask,
    send,
    command: (user, text, change = {}) => {
      deliveries += 1;
      const fields: Record<string, string | undefined> = {
        command: "/chaos",
        text,
        user_id: user,
        team_id: workspace.teamId,
        channel_id: workspace.channel.id,
        trigger_id: `command.${deliveries}.${process.pid}`,
        response_url: responseUrl,
        ...change,
      };
      const form = new URLSearchParams(defined(fields));
      return send({ body: form.toString() });
    },
    click: (user, action, change = {}) => {
      deliveries += 1;
      const payload = {
        type: "block_actions",
        team: { id: workspace.teamId },
        user: { id: user, team_id: workspace.teamId },
        channel: { id: workspace.channel.id },
        container: { type: "message", message_ts: "1.1", channel_id: workspace.channel.id },
        response_url: responseUrl,
        trigger_id: `click.${deliveries}`,
        actions: [{ type: "button", block_id: "b", action_ts: `${deliveries}.${process.pid}`, ...action }],
        ...change,
      };
      return send({ body: new URLSearchParams({ payload: JSON.stringify(payload) }).toString() });
    },
    answers: () => {
      const all = answers;
      answers = [];
      return all;
    },
    stop: () =>
      new Promise((resolve) => {
        responses.close(() => resolve());
        responses.closeAllConnections();
      }),
  };
}

/**
 * Writes pieces to a raw connection, one every `everyMs`, until the other side ends it. Resolves to what it said, the
 * empty text when it only hung up; `afterMs` is how long it took.
 */
export function drip(
  port: number,
  pieces: Iterable<string>,
  everyMs: number,
): Promise<{ said: string; afterMs: number }> {
  const began = performance.now();
  return new Promise((resolve) => {
    let said = "";
    const socket = connect(port, "127.0.0.1");
    const source = pieces[Symbol.iterator]();
    const timer = setInterval(() => {
      const next = source.next();
      if (next.done !== true && socket.writable) socket.write(next.value);
    }, everyMs);
    socket.on("data", (chunk: Buffer) => (said += chunk.toString()));
    // A reset is a way to hang up, too.
    socket.on("error", () => undefined);
    socket.on("close", () => {
      clearInterval(timer);
      resolve({ said, afterMs: performance.now() - began });
    });
  });
}
