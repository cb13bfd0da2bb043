import type { KubeConfig } from "@kubernetes/client-node";
import type { WebSocket } from "ws";
import { upgrade } from "./upgrade.ts";

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

/**
 * Opens the WebSocket of an exec. client-node's own lets a message that cannot be read end the process: here it ends the
 * one exec. `signal` ends the connection in whatever state it is.
 */
export function execSocket(
  config: KubeConfig,
  signal: AbortSignal,
  onUnreadable: (error: unknown) => void,
): ExecSocket {
  return {
    connect: (path, _text, binary) =>
      upgrade(config, {
        path,
        protocols,
        what: "exec",
        signal,
        onMessage: (socket, data, isBinary) => {
          if (!isBinary || data.length === 0 || data[0] === closeChannel) return;
          try {
            if (binary?.(data[0] ?? 0, data.subarray(1)) === false) socket.close();
          } catch (error) {
            onUnreadable(error);
            socket.terminate();
          }
        },
      }),
  };
}
