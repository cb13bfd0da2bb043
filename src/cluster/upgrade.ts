import type { IncomingMessage } from "node:http";
import type { KubeConfig } from "@kubernetes/client-node";
import { WebSocket, type ClientOptions } from "ws";

/** The server refused before anything was begun: the handshake was answered with an HTTP status. */
export class HandshakeRefused extends Error {
  readonly status: number;
  readonly retryAfterMs: number | null;

  constructor(what: string, status: number, retryAfterMs: number | null, said: string) {
    super(`the API server answered HTTP ${status} to ${what}${said === "" ? "" : `: ${said}`}`);
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }
}

export interface Upgrade {
  /** Below the API server's address, with its query. */
  path: string;
  protocols: readonly string[];
  /** What is asked for, for errors: `exec`. */
  what: string;
  /** Ends the connection in whatever state it is. */
  signal: AbortSignal;
  /** Heard from the first message on, which may come before this resolves. */
  onMessage: (socket: WebSocket, bytes: Buffer, isBinary: boolean) => void;
}

/**
 * Opens a WebSocket to the API server, with the kubeconfig's certificates and login. Rejects with HandshakeRefused, or
 * with what kept the connection from standing. client-node's own has no deadline, and tells a refusal without its status.
 */
export async function upgrade(config: KubeConfig, { path, protocols, what, signal, onMessage }: Upgrade) {
  const server = config.getCurrentCluster()?.server ?? "";
  // Kubernetes' own WebSockets compress nothing (golang.org/x/net/websocket).
  const options: ClientOptions = { perMessageDeflate: false };
  await config.applyToHTTPSOptions(options);
  signal.throwIfAborted();
  const socket = new WebSocket(`${server.replace(/^http/, "ws")}${path}`, [...protocols], options);
  const end = (): void => socket.terminate();
  signal.addEventListener("abort", end, { once: true });
  socket.once("close", () => signal.removeEventListener("abort", end));
  socket.on("message", (data: Buffer, isBinary) => onMessage(socket, data, isBinary));
  return new Promise<WebSocket>((resolve, reject) => {
    socket.once("open", () => resolve(socket));
    socket.once("unexpected-response", (_request, response) => {
      void refusalOf(what, response)
        .then(reject)
        .finally(() => socket.terminate());
    });
    // Stays: what comes after the opening is told by the close that follows it.
    socket.on("error", (error) => reject(error));
    socket.once("close", () => reject(new Error(`the connection closed before ${what} began`)));
  });
}

/** Longest refusal that is read. */
const mostRefusalBytes = 4096;

async function refusalOf(what: string, response: IncomingMessage): Promise<HandshakeRefused> {
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
  return new HandshakeRefused(what, response.statusCode ?? 0, retryAfterMs, messageIn(text));
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
