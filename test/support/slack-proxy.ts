import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface ApiCall {
  /** E.g. `chat.postMessage`. */
  method: string;
  form: URLSearchParams;
}

/** What becomes of a call: passed on, passed on with its answer lost, or answered 429 without being passed on. */
export type Verdict = "pass" | "lose-answer" | { retryAfterS: number };

export interface SlackProxy {
  apiUrl: string;
  /** Calls in the order they came, whatever became of them. */
  calls: readonly ApiCall[];
  stop(): Promise<void>;
}

/** A proxy before local-slack's Web API that does what Slack and networks do and local-slack does not. */
export async function startSlackProxy(apiUrl: string, judge: (call: ApiCall) => Verdict): Promise<SlackProxy> {
  const calls: ApiCall[] = [];
  const server = createServer((request, response) => {
    handle(apiUrl, request, response, (call) => {
      calls.push(call);
      return judge(call);
    }).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    apiUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/`,
    calls,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function handle(
  apiUrl: string,
  request: IncomingMessage,
  response: ServerResponse,
  judge: (call: ApiCall) => Verdict,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  const method = (request.url ?? "").replace(/^\/api\//, "").replace(/\?.*$/, "");
  const verdict = judge({ method, form: new URLSearchParams(body.toString("utf8")) });
  if (typeof verdict === "object") {
    response.writeHead(429, { "retry-after": String(verdict.retryAfterS), "content-type": "application/json" });
    response.end('{"ok":false,"error":"ratelimited"}');
    return;
  }
  const headers = Object.fromEntries(
    ["content-type", "authorization"].flatMap((name) => {
      const value = request.headers[name];
      return typeof value === "string" ? [[name, value]] : [];
    }),
  );
  const answer = await fetch(`${apiUrl}${method}`, { method: "POST", headers, body });
  const text = await answer.text();
  if (verdict === "lose-answer") {
    response.destroy();
    return;
  }
  response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "application/json" });
  response.end(text);
}
