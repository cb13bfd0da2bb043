/**
 * pods/portforward over WebSocket, subprotocol v4.channel.k8s.io: for the n-th port asked for, channel 2n carries data
 * and channel 2n + 1 the error; each begins with a frame of the port, two bytes, little end first.
 * Source: k8s.io/kubelet/pkg/cri/streaming/portforward/websocket.go of Kubernetes 1.32.
 */
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { WebSocketServer } from "ws";
import type { WebSocket } from "ws";
import type { ApiContext, UpgradeServer } from "./context.ts";
import { bytesOf, closeWithinMs } from "./exec-channels.ts";
import { text } from "./json.ts";
import { badRequest } from "./status.ts";
import { existing } from "./verbs/read.ts";

const protocol = "v4.channel.k8s.io";

interface Pod {
  namespace: string;
  name: string;
  uid: string;
}

/**
 * Answers upgrade requests for port-forwards. Throws ApiError while the answer can still be plain HTTP: unknown pod
 * (404), no port, no usable protocol, a pod that does not run (400).
 */
export function createPortForwardServer(context: ApiContext): UpgradeServer {
  const sockets = new WebSocketServer({ noServer: true, handleProtocols: () => protocol });

  return async (asked, request, socket, head) => {
    const pod = existing(context, asked, asked.name ?? "");
    // First: a client that speaks SPDY names its ports only later.
    refuseUnusable(request);
    const ports = portsOf(asked.query);
    const { name, uid, namespace = "" } = pod.metadata;
    const phase = text(pod.status, "phase");
    if (phase !== "Running") {
      throw badRequest(`unable to forward port because pod is not running. Current status=${phase}`);
    }
    sockets.handleUpgrade(request, socket, head, (client) => serve(context, client, { namespace, name, uid }, ports));
  };
}

function portsOf(query: URLSearchParams): number[] {
  const given = query.getAll("ports").flatMap((list) => list.split(","));
  if (given.length === 0) throw badRequest('query parameter "ports" is required');
  return given.map((written) => {
    const port = Number(written);
    if (/^\d+$/.test(written) && port >= 1 && port <= 65_535) return port;
    throw badRequest(`unable to parse ${JSON.stringify(written)} as a port`);
  });
}

function refuseUnusable(request: IncomingMessage): void {
  const offered = (request.headers["sec-websocket-protocol"] ?? "").split(",").map((one) => one.trim());
  const webSocket = (request.headers.upgrade ?? "").toLowerCase() === "websocket";
  if (webSocket && offered.includes(protocol)) return;
  throw badRequest(
    `the lab forwards ports over WebSocket with ${protocol} only, as @kubernetes/client-node does; kubectl port-forward speaks SPDY: connect to the pod's IP instead, which this machine reaches`,
  );
}

function serve(context: ApiContext, client: WebSocket, pod: Pod, ports: readonly number[]): void {
  const hangUp = () => client.terminate();
  context.closing.addEventListener("abort", hangUp);
  client.once("close", () => context.closing.removeEventListener("abort", hangUp));
  client.on("error", hangUp);
  const forwards = ports.map((port, index) => forward(context, client, pod, port, index * 2));
  client.on("message", (data, isBinary) => {
    const message = bytesOf(data);
    if (isBinary && message.length > 1) forwards[message[0]! / 2]?.send(message.subarray(1));
  });
  void Promise.all(forwards.map(({ ended }) => ended)).then(() => {
    client.close(1000);
    setTimeout(hangUp, closeWithinMs).unref();
  });
}

/** One port: what the client sends before the connection stands waits for it. */
function forward(context: ApiContext, client: WebSocket, pod: Pod, port: number, channel: number) {
  const announced = Buffer.of(port & 0xff, port >> 8);
  const tell = (to: number, bytes: Buffer, sent?: () => void): void => {
    if (client.readyState === client.OPEN) client.send(Buffer.concat([Buffer.of(to), bytes]), () => sent?.());
    else sent?.();
  };
  tell(channel, announced);
  tell(channel + 1, announced);
  const connected = context.runtime.dial({ namespace: pod.namespace, pod: pod.name, port });
  let last: Promise<unknown> = connected;

  async function run(): Promise<void> {
    try {
      const socket = await connected;
      client.once("close", () => socket.destroy());
      if (client.readyState !== client.OPEN) socket.destroy();
      socket.on("data", (chunk: Buffer) => {
        socket.pause();
        tell(channel, chunk, () => socket.resume());
      });
      await closed(socket);
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      tell(channel + 1, Buffer.from(`error forwarding port ${port} to pod ${pod.name}, uid ${pod.uid}: ${problem}`));
    }
  }

  return {
    ended: run(),
    send(bytes: Buffer): void {
      last = last
        .then(() => connected)
        .then(
          (socket) => write(client, socket, bytes),
          () => undefined,
        );
    },
  };
}

/** The pod's side has ended; resolves also when it has only said that it sends no more, as the kubelet's copy does. */
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once("end", () => {
      socket.end();
      resolve();
    });
    socket.once("close", () => resolve());
    socket.once("error", reject);
  });
}

function write(client: WebSocket, socket: Socket, bytes: Buffer): void {
  if (socket.destroyed || socket.write(bytes)) return;
  client.pause();
  const go = () => client.resume();
  socket.once("drain", go);
  socket.once("close", go);
}
