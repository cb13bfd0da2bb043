import type { IncomingMessage } from "node:http";
import type { KubeConfig } from "@kubernetes/client-node";
import { WebSocket, type ClientOptions } from "ws";

/** What client-node's `Exec` asks for a connection by. */
export interface ExecSocket {
  connect(
    path: string,
    text: ((text: string) => boolean) | null,
    binary: ((channel: number, bytes: Buffer) => boolean) | null,
  ): Promise<WebSocket>;
}

/** As client-node offers them; v5 can half-close standard input. */
const protocols = [
  "v5.channel.k8s.io",
  "v4.channel.k8s.io",
  "v3.channel.k8s.io",
  "v2.channel.k8s.io",
  "channel.k8s.io",
];
/** v5's message that one direction of a channel is closed (KEP-4006); nobody here needs to hear it. */
const closeChannel = 255;

/** The server refused before the command was started: the handshake was answered with an HTTP status. */
export class HandshakeRefused extends Error {
  readonly status: number;
  readonly retryAfterMs: number | null;

  constructor(status: number, retryAfterMs: number | null, said: string) {
    super(`the API server answered HTTP ${status} to exec${said === "" ? "" : `: ${said}`}`);
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }
}

/**
 * Opens the WebSocket of an exec. client-node's own has no deadline for the handshake, tells a refusal without its
 * status, and lets a message that cannot be read end the process: here the first two are said, and the last ends the one
 * exec. `signal` ends the connection in whatever state it is.
 */
export function execSocket(
  config: KubeConfig,
  signal: AbortSignal,
  onUnreadable: (error: unknown) => void,
): ExecSocket {
  return {
    connect: async (path, _text, binary) => {
      const server = config.getCurrentCluster()?.server ?? "";
      const options: ClientOptions = {};
      await config.applyToHTTPSOptions(options);
      signal.throwIfAborted();
      const socket = new WebSocket(`${server.replace(/^http/, "ws")}${path}`, protocols, options);
      const end = (): void => socket.terminate();
      signal.addEventListener("abort", end, { once: true });
      socket.once("close", () => signal.removeEventListener("abort", end));
      socket.on("message", (data: Buffer, isBinary) => {
        if (!isBinary || data.length === 0 || data[0] === closeChannel) return;
        try {
          if (binary?.(data[0] ?? 0, data.subarray(1)) === false) socket.close();
        } catch (error) {
          onUnreadable(error);
          socket.terminate();
        }
      });
      return new Promise((resolve, reject) => {
        socket.once("open", () => resolve(socket));
        socket.once("unexpected-response", (_request, response) => {
          void refusalOf(response)
            .then(reject)
            .finally(() => socket.terminate());
        });
        // Stays: what comes after the opening is told by the close that follows it.
        socket.on("error", (error) => reject(error));
        socket.once("close", () => reject(new Error("the connection closed before exec began")));
      });
    },
  };
}

/** Longest refusal that is read. */
const mostRefusalBytes = 4096;

async function refusalOf(response: IncomingMessage): Promise<HandshakeRefused> {
  const seconds = Number(response.headers["retry-after"]);
  let text = "";
  try {
    for await (const chunk of response) {
      text += String(chunk);
      if (text.length > mostRefusalBytes) break;
    }
  } catch {
    // What came is enough; the status is known.
  }
  const retryAfterMs = Number.isFinite(seconds) ? seconds * 1000 : null;
  return new HandshakeRefused(response.statusCode ?? 0, retryAfterMs, messageIn(text));
}

function messageIn(text: string): string {
  try {
    const body: unknown = JSON.parse(text);
    const message = typeof body === "object" && body !== null && "message" in body ? body.message : "";
    return typeof message === "string" ? message : "";
  } catch {
    return "";
  }
}
