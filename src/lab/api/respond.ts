import { STATUS_CODES } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { stringify } from "yaml";
import type { Answer } from "./context.ts";
import type { ApiError, Status } from "./status.ts";

/** Sends an answer. */
export async function respond(request: IncomingMessage, response: ServerResponse, answer: Answer): Promise<void> {
  if ("stream" in answer) {
    await answer.stream(request, response);
    return;
  }
  const { code, body, warnings } = answer;
  const yaml = answer.contentType === undefined && (request.headers.accept ?? "").startsWith("application/yaml");
  const contentType = answer.contentType ?? (yaml ? "application/yaml" : "application/json");
  const text = typeof body === "string" ? body : yaml ? stringify(body) : JSON.stringify(body);
  if (warnings !== undefined && warnings.length > 0) {
    response.setHeader(
      "warning",
      warnings.map((warning) => `299 - ${JSON.stringify(warning)}`),
    );
  }
  response.writeHead(code, { "content-type": contentType, "cache-control": "no-cache, private" });
  response.end(request.method === "HEAD" ? undefined : text);
}

export function respondWithError(response: ServerResponse, error: ApiError): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const { status } = error;
  const retry = status.details?.retryAfterSeconds;
  if (retry !== undefined) response.setHeader("retry-after", String(retry));
  // A body that was not read to its end would be taken for the next request.
  if (!response.req.complete) response.setHeader("connection", "close");
  response.writeHead(status.code, { "content-type": "application/json" });
  response.end(JSON.stringify(status));
}

/** The same on a connection that asked for an upgrade and does not get it. */
export function refuseUpgrade(socket: Duplex, status: Status): void {
  const body = JSON.stringify(status);
  const head = [
    `HTTP/1.1 ${status.code} ${STATUS_CODES[status.code] ?? ""}`,
    "content-type: application/json",
    `content-length: ${Buffer.byteLength(body)}`,
    "connection: close",
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
}
