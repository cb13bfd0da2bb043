import { request } from "node:https";
import type { IncomingMessage } from "node:http";
import { parse } from "yaml";
import type { TestLab } from "./lab.ts";

export interface Asked {
  method?: string;
  body?: unknown;
  headers?: Record<string, string>;
  /** Overrides the kubeconfig's; empty sends none. */
  token?: string;
}

export interface Answered {
  code: number;
  headers: IncomingMessage["headers"];
  // A test looks at whatever came.
  body: Record<string, unknown>;
}

export function accessOf(lab: TestLab): { ca: Buffer; token: string } {
  const config = parse(lab.server.kubeconfig) as {
    clusters: [{ cluster: { "certificate-authority-data": string } }];
    users: [{ user: { token: string } }];
  };
  const ca = Buffer.from(config.clusters[0].cluster["certificate-authority-data"], "base64");
  return { ca, token: config.users[0].user.token };
}

/** Opens a request and resolves with the answer as it begins. */
export function open(lab: TestLab, path: string, asked: Asked = {}): Promise<IncomingMessage> {
  const { ca, token } = accessOf(lab);
  const bearer = asked.token ?? token;
  const text = asked.body === undefined || typeof asked.body === "string" ? asked.body : JSON.stringify(asked.body);
  const headers = {
    ...(bearer === "" ? {} : { authorization: `Bearer ${bearer}` }),
    ...(text === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(text) }),
    ...asked.headers,
  };
  return new Promise((resolve, reject) => {
    const sent = request(
      new URL(path, lab.server.url),
      { ca, method: asked.method ?? "GET", headers, agent: false },
      resolve,
    );
    sent.once("error", reject);
    sent.end(text);
  });
}

/** A whole exchange with a JSON answer. */
export async function ask(lab: TestLab, path: string, asked: Asked = {}): Promise<Answered> {
  const answer = await open(lab, path, asked);
  let text = "";
  for await (const chunk of answer) text += String(chunk);
  return { code: answer.statusCode ?? 0, headers: answer.headers, body: JSON.parse(text) as Record<string, unknown> };
}

export interface WatchEvent {
  type: string;
  object: Record<string, never> & { metadata: { name: string; resourceVersion: string } };
}

export interface Events {
  /** The next events, as many as asked; fewer when the watch ends. */
  take(count: number): Promise<WatchEvent[]>;
  /** Everything until the server ends the watch. */
  rest(): Promise<WatchEvent[]>;
  close(): void;
}

export async function watch(lab: TestLab, path: string, headers: Record<string, string> = {}): Promise<Events> {
  const answer = await open(lab, path, { headers });
  const lines = linesOf(answer);
  const take = async (count: number) => {
    const events: WatchEvent[] = [];
    while (events.length < count) {
      const next = await lines.next();
      if (next.done === true) break;
      events.push(JSON.parse(next.value) as WatchEvent);
    }
    return events;
  };
  return { take, rest: () => take(Number.POSITIVE_INFINITY), close: () => answer.destroy() };
}

async function* linesOf(answer: IncomingMessage): AsyncGenerator<string> {
  let waiting = "";
  for await (const chunk of answer) {
    const parts = (waiting + String(chunk)).split("\n");
    waiting = parts.pop() ?? "";
    yield* parts;
  }
}
