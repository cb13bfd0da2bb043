import { request as ask } from "node:https";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { statusText, type Upstream } from "./answer.ts";
import type { Misdeed } from "./misdeeds.ts";

/** Joins an upgraded connection (exec) with the real server's, doing to it what was decided. */
export function tunnel(
  upstream: Upstream,
  misdeed: Misdeed | null,
  request: IncomingMessage,
  client: Duplex,
  head: Buffer,
): void {
  client.on("error", () => client.destroy());
  if (misdeed?.does === "hang") return;
  if (misdeed?.does === "answer") {
    const wait = misdeed.retryAfterS === undefined ? "" : `retry-after: ${misdeed.retryAfterS}\r\n`;
    const body = statusText(misdeed.status);
    const length = Buffer.byteLength(body);
    client.end(
      `HTTP/1.1 ${misdeed.status} Hostile\r\n${wait}content-length: ${length}\r\nconnection: close\r\n\r\n${body}`,
    );
    return;
  }
  const passed = ask(new URL(request.url ?? "/", upstream.url), {
    ca: upstream.ca,
    // The connection becomes the tunnel.
    agent: false,
    headers: { ...request.headers, host: upstream.url.host },
  });
  passed.once("error", () => client.destroy());
  passed.once("response", (real) => {
    let body = "";
    real.on("data", (chunk: Buffer) => (body += chunk.toString("utf8")));
    real.once("end", () => client.end(`${headOf(real, "HTTP/1.1")}${body}`));
  });
  passed.once("upgrade", (real, server, first) => {
    server.on("error", () => client.destroy());
    client.write(headOf(real, "HTTP/1.1"));
    if (misdeed?.does === "garble") {
      // A whole binary message on the status channel (3) that is no JSON.
      client.write(Buffer.concat([Buffer.of(0x82, 4, 3), Buffer.from('{"s')]));
      client.once("close", () => server.destroy());
      return;
    }
    if (misdeed?.does === "hang-after") {
      server.resume();
      client.once("close", () => server.destroy());
      return;
    }
    client.write(first);
    server.write(head);
    server.pipe(client);
    client.pipe(server);
    client.once("close", () => server.destroy());
    server.once("close", () => client.destroy());
    if (misdeed?.does === "cut-stream" || misdeed?.does === "lose-answer") {
      setTimeout(() => client.destroy(), misdeed.does === "cut-stream" ? misdeed.afterMs : 0);
    }
  });
  passed.end();
}

function headOf(real: IncomingMessage, version: string): string {
  const lines = real.rawHeaders.flatMap((name, at) =>
    at % 2 === 0 ? [`${name}: ${real.rawHeaders[at + 1] ?? ""}`] : [],
  );
  return `${version} ${real.statusCode ?? 502} ${real.statusMessage ?? ""}\r\n${lines.join("\r\n")}\r\n\r\n`;
}
