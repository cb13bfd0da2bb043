import { request as ask, type Agent } from "node:https";
import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { Asked } from "./asked.ts";
import type { Misdeed } from "./misdeeds.ts";

/** The API server behind the proxy. */
export interface Upstream {
  url: URL;
  ca: string;
  agent: Agent;
}

const reasons: Readonly<Record<number, string>> = {
  404: "NotFound",
  409: "Conflict",
  410: "Expired",
  429: "TooManyRequests",
  500: "InternalError",
  503: "ServiceUnavailable",
};

/** A Status as Kubernetes answers it. */
export function statusText(code: number): string {
  const reason = reasons[code] ?? "Unknown";
  return JSON.stringify({ kind: "Status", apiVersion: "v1", status: "Failure", reason, message: "hostile", code });
}

/** Answers one plain request, doing to it what was decided. */
export async function answer(
  upstream: Upstream,
  asked: Asked,
  misdeed: Misdeed | null,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await bodyOf(request);
  if (misdeed?.does === "hang") return;
  if (misdeed?.does === "answer") return refuse(response, misdeed);
  if (misdeed?.does === "gone") {
    response.writeHead(200, { "content-type": "application/json" });
    response.end(`{"type":"ERROR","object":${statusText(410)}}\n`);
    return;
  }
  if (misdeed?.does === "apply-late") await sleep(misdeed.delayMs);
  const real = await passOn(upstream, request, body);
  if (asked.verb === "watch" || request.url?.includes("follow=true") === true) {
    return stream(real, response, misdeed?.does === "cut-stream" ? misdeed.afterMs : null);
  }
  const content = await bodyOf(real);
  switch (misdeed?.does) {
    case "lose-answer":
      response.destroy();
      return;
    case "hang-after":
      return;
    case "answer-late":
      await sleep(misdeed.delayMs);
      break;
    case "rewrite":
      return rewrite(real, response, misdeed.text(content.toString("utf8")));
    case "truncate":
      return send(real, response, content.subarray(0, Math.floor(content.length / 2)));
    case "cut":
      response.writeHead(real.statusCode ?? 502, headersOf(real, content.length));
      response.write(content.subarray(0, Math.floor(content.length / 2)), () => response.destroy());
      return;
    default:
  }
  send(real, response, content);
}

function refuse(response: ServerResponse, misdeed: Extract<Misdeed, { does: "answer" }>): void {
  const wait = misdeed.retryAfterS === undefined ? {} : { "retry-after": String(misdeed.retryAfterS) };
  response.writeHead(misdeed.status, { "content-type": "application/json", ...wait });
  response.end(misdeed.text ?? statusText(misdeed.status));
}

function stream(real: IncomingMessage, response: ServerResponse, cutAfterMs: number | null): void {
  response.writeHead(real.statusCode ?? 502, { "content-type": real.headers["content-type"] ?? "application/json" });
  response.flushHeaders();
  real.pipe(response);
  response.once("close", () => real.destroy());
  real.once("error", () => response.destroy());
  if (cutAfterMs !== null) setTimeout(() => response.destroy(), cutAfterMs);
}

function passOn(upstream: Upstream, request: IncomingMessage, body: Buffer): Promise<IncomingMessage> {
  const { host: _host, connection: _connection, "transfer-encoding": _encoding, ...headers } = request.headers;
  return new Promise((resolve, reject) => {
    const passed = ask(
      new URL(request.url ?? "/", upstream.url),
      {
        ca: upstream.ca,
        agent: upstream.agent,
        method: request.method ?? "GET",
        headers: { ...headers, "content-length": body.length },
      },
      resolve,
    );
    passed.once("error", reject);
    passed.end(body);
  });
}

function send(real: IncomingMessage, response: ServerResponse, content: Buffer): void {
  response.writeHead(real.statusCode ?? 502, headersOf(real, content.length));
  response.end(content);
}

function rewrite(real: IncomingMessage, response: ServerResponse, text: string): void {
  const content = Buffer.from(text);
  response.writeHead(real.statusCode ?? 502, { "content-type": "application/json", "content-length": content.length });
  response.end(content);
}

function headersOf(real: IncomingMessage, length: number): Record<string, string> {
  const encoding = real.headers["content-encoding"];
  return {
    "content-type": real.headers["content-type"] ?? "application/json",
    "content-length": String(length),
    ...(encoding === undefined ? {} : { "content-encoding": encoding }),
  };
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
