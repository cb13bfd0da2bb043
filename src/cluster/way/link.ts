import type { Socket } from "node:net";
import type { WebSocket } from "ws";

/** How one forwarded connection ended. */
export type LinkEnd =
  /** By the pod or by the client, as connections end. */
  | { how: "ended" }
  /** The node's own word that it could not go on: nobody listens, or the pod reset the connection. */
  | { how: "refused"; said: string }
  /** The way to the pod broke; of the pod itself nothing is known. */
  | { how: "broken"; why: string };

export interface Link {
  /** Of the WebSocket, from its first message on. */
  receive(socket: WebSocket, bytes: Buffer, isBinary: boolean): void;
  /** Joins both ends; until then nothing passes either way. Resolves when the connection is over; never rejects. */
  join(socket: WebSocket): Promise<LinkEnd>;
}

/** So much may wait for either side before the other has to. */
const mostBufferedBytes = 256 * 1024;
const pingEveryMs = 1000;
/** A node that has answered nothing for so long, with next to nothing on its way to it, is not there. */
const silentMs = 3000;
/** With more than this under way, a ping may wait behind data that the pod does not take (see `createLink`). */
const littleBytes = 64 * 1024;
/**
 * How long a pod may be silent after its client has said that it sends no more. v4 cannot pass that on, so a client that
 * has gone and one that only waits for the rest look alike.
 */
const lingerMs = 5000;
/** How long the closing handshake may take. */
const closeWithinMs = 5000;

const channels = { data: 0, error: 1 } as const;

/**
 * Joins a local connection with the WebSocket of a port-forward of one port. Protocol v4.channel.k8s.io: channel 0 is data,
 * channel 1 what went wrong in words; each begins with the port in two bytes, little-endian
 * (k8s.io/kubelet/pkg/cri/streaming/portforward/websocket.go). Whichever side is faster waits. The node ends the
 * WebSocket with a close frame; without one it was cut off. Its pings are answered by whoever reads the data there
 * (golang.org/x/net/websocket, hybi.go), and not while that waits for the pod to take some.
 */
export function createLink(local: Socket, onProof: () => void): Link {
  const announced = [2, 2];
  const held: Buffer[] = [];
  let joined = false;
  let said = "";
  let heardMs = performance.now();
  let reading = true;
  let onData: () => void = () => undefined;

  const deliver = (socket: WebSocket, payload: Buffer): void => {
    onData();
    if (local.write(payload) || local.destroyed) return;
    reading = false;
    socket.pause();
    local.once("drain", () => {
      reading = true;
      heardMs = performance.now();
      socket.resume();
    });
  };

  return {
    receive: (socket, bytes, isBinary) => {
      heardMs = performance.now();
      onProof();
      const channel = bytes[0] ?? -1;
      const skip = announced[channel];
      if (!isBinary || skip === undefined) return;
      const payload = bytes.subarray(1 + skip);
      announced[channel] = Math.max(0, skip - (bytes.length - 1));
      if (payload.length === 0) return;
      if (channel === channels.error) said = `${said}${payload.toString("utf8")}`.slice(0, 2000);
      else if (joined) deliver(socket, payload);
      else held.push(payload);
    },
    join: (socket) =>
      new Promise((resolve) => {
        joined = true;
        let sentBytes = 0;
        let pingedMs: number | null = null;
        let silent = false;
        let left = false;
        let linger: NodeJS.Timeout | undefined;
        let hangUp: NodeJS.Timeout | undefined;

        const leave = (): void => {
          if (left) return;
          left = true;
          socket.resume();
          socket.close(1000);
          hangUp = setTimeout(() => socket.terminate(), closeWithinMs);
        };
        const pings = setInterval(() => {
          if (left || !reading) return;
          const now = performance.now();
          if (pingedMs !== null && heardMs >= pingedMs) pingedMs = null;
          if (pingedMs === null) {
            pingedMs = now;
            socket.ping();
          } else if (now - pingedMs > silentMs && sentBytes + socket.bufferedAmount < littleBytes) {
            silent = true;
            socket.terminate();
          }
        }, pingEveryMs);
        socket.on("pong", () => {
          heardMs = performance.now();
          sentBytes = 0;
          onProof();
        });
        socket.once("close", (code) => {
          clearInterval(pings);
          clearTimeout(linger);
          clearTimeout(hangUp);
          if (left) resolve({ how: "ended" });
          else if (said !== "") resolve({ how: "refused", said });
          else if (code === 1000) resolve({ how: "ended" });
          else resolve({ how: "broken", why: silent ? "no answer from its node" : `cut off (WebSocket ${code})` });
        });

        local.on("data", (chunk: Buffer) => {
          sentBytes += chunk.length;
          socket.send(Buffer.concat([Buffer.of(channels.data), chunk]), () => {
            if (socket.bufferedAmount < mostBufferedBytes / 2) local.resume();
          });
          if (socket.bufferedAmount > mostBufferedBytes) local.pause();
        });
        local.once("end", () => {
          const wait = (): void => {
            clearTimeout(linger);
            linger = setTimeout(leave, lingerMs);
          };
          onData = wait;
          wait();
        });
        local.once("close", leave);
        for (const payload of held.splice(0)) deliver(socket, payload);
        if (reading) socket.resume();
        local.resume();
        if (local.destroyed) leave();
      }),
  };
}
