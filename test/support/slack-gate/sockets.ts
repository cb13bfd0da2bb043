import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocket, WebSocketServer } from "ws";
import { parseJson } from "./call.ts";

/** An envelope on its way to the bot, e.g. of a slash command. */
export type Envelope = Record<string, unknown> & { envelope_id: string; type: string };

/**
 * What becomes of an envelope: given to one connection, as Slack does; to all; to one, twice; kept until the next one has
 * gone out (so that two change places); kept for a while; never delivered.
 */
export type EnvelopeVerdict = "one" | "all" | "twice" | "after-the-next" | "lose" | { delayMs: number };

export interface Sockets {
  /** Connections that are open now. */
  count(): number;
  /** How many envelopes each connection has got, in order of connecting. */
  received(): number[];
  /** The next envelope (of a type, if given) is treated so. */
  next(verdict: EnvelopeVerdict, type?: string): void;
  /** Verdicts that no envelope has met yet. */
  left(): number;
  /** Says `disconnect` to all connections, as Slack does every few hours, or cuts them. */
  recycle(how: "disconnect" | "cut"): void;
}

/** What happens to envelopes on their way, and to their acknowledgements. */
export interface Passage {
  /** The envelope as it goes to the bot; null: it does not, and what sent it sees nothing happen. */
  receive(envelope: Envelope): Envelope | null;
  /** True for an acknowledgement that local-slack does not wait for. */
  answered(envelopeId: string, payload: unknown): boolean;
}

export interface SocketServer extends Sockets {
  /** Gives the bot an envelope that is not local-slack's. */
  send(envelope: Envelope): void;
  /** The path of a new connection, to which `upstreamUrl` belongs. */
  path(upstreamUrl: string): string;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  stop(): void;
}

interface Connection {
  socket: WebSocket;
  received: number;
}

/**
 * Socket Mode before local-slack, which gives every envelope to every socket: here one connection goes there, for all that
 * come here, and each envelope goes to one of them in turn (anchors: up to 10 sockets, one of them gets it).
 */
export function createSockets(passage: Passage): SocketServer {
  const server = new WebSocketServer({ noServer: true });
  const connections: Connection[] = [];
  const wanted: Array<{ verdict: EnvelopeVerdict; type: string | undefined }> = [];
  const timers = new Set<NodeJS.Timeout>();
  let upstream: WebSocket | undefined;
  let upstreamUrl = "";
  let turn = 0;
  let kept: Envelope | undefined;
  const open = (): Connection[] => connections.filter(({ socket }) => socket.readyState === WebSocket.OPEN);
  const give = ({ socket, ...rest }: Connection, envelope: Envelope): void => {
    const known = connections.find((connection) => connection.socket === socket);
    if (known !== undefined) known.received = rest.received + 1;
    socket.send(JSON.stringify(envelope));
  };
  const giveOne = (envelope: Envelope): Connection | undefined => {
    const ready = open();
    const chosen = ready[turn++ % Math.max(1, ready.length)];
    if (chosen !== undefined) give(chosen, envelope);
    return chosen;
  };
  const deliver = (envelope: Envelope): void => {
    const at = wanted.findIndex(({ type }) => type === undefined || type === envelope.type);
    const verdict = at === -1 ? "one" : (wanted.splice(at, 1)[0]?.verdict ?? "one");
    if (verdict === "lose") return;
    if (verdict === "after-the-next") {
      kept = envelope;
      return;
    }
    if (typeof verdict === "object") {
      timers.add(setTimeout(() => giveOne(envelope), verdict.delayMs));
      return;
    }
    if (verdict === "all") open().forEach((connection) => give(connection, envelope));
    else {
      const chosen = giveOne(envelope);
      if (verdict === "twice" && chosen !== undefined) give(chosen, envelope);
    }
    if (kept !== undefined) {
      const waiting = kept;
      kept = undefined;
      giveOne(waiting);
    }
  };
  const connectUpstream = (): Promise<void> => {
    if (upstream !== undefined && upstream.readyState <= WebSocket.OPEN) return opened(upstream);
    const made = new WebSocket(upstreamUrl);
    upstream = made;
    made.on("message", (data) => {
      const envelope = parseJson(textOf(data));
      if (!isEnvelope(envelope)) return;
      const rewritten = passage.receive(envelope);
      if (rewritten !== null) return deliver(rewritten);
      // Any other answer would make local-slack close the modal that it shows.
      const payload = { response_action: "errors", errors: {} };
      made.send(JSON.stringify({ envelope_id: envelope.envelope_id, payload }));
    });
    made.on("error", () => undefined);
    // Without local-slack there is nothing to say; the bot connects anew, as it would with Slack.
    made.on("close", () => {
      if (upstream === made) connections.forEach(({ socket }) => socket.close());
    });
    return opened(made);
  };
  server.on("connection", (socket: WebSocket) => {
    const connection = { socket, received: 0 };
    connections.push(connection);
    socket.on("error", () => undefined);
    socket.on("message", (data) => {
      const said = parseJson(textOf(data)) as { envelope_id?: string; payload?: unknown } | undefined;
      if (said?.envelope_id !== undefined && passage.answered(said.envelope_id, said.payload)) return;
      if (upstream?.readyState === WebSocket.OPEN) upstream.send(textOf(data));
    });
    // With nobody to give an envelope to, local-slack shall see nobody.
    socket.on("close", () => {
      if (open().length === 0) upstream?.close();
    });
    connectUpstream().then(
      () =>
        socket.send(
          JSON.stringify({
            type: "hello",
            num_connections: open().length,
            connection_info: { app_id: "A0AFTERSHOCK" },
            debug_info: { host: "slack-gate" },
          }),
        ),
      () => socket.close(),
    );
  });
  return {
    path: (url) => {
      upstreamUrl = url;
      return "/socket";
    },
    upgrade: (request, socket, head) =>
      server.handleUpgrade(request, socket, head, (client) => server.emit("connection", client, request)),
    send: deliver,
    count: () => open().length,
    received: () => connections.map(({ received }) => received),
    next: (verdict, type) => void wanted.push({ verdict, type }),
    left: () => wanted.length,
    recycle: (how) => {
      for (const { socket } of open()) {
        if (how === "cut") socket.terminate();
        else socket.send(JSON.stringify({ type: "disconnect", reason: "refresh_requested" }));
      }
    },
    stop: () => {
      timers.forEach(clearTimeout);
      connections.forEach(({ socket }) => socket.terminate());
      upstream?.terminate();
      server.close();
    },
  };
}

function opened(socket: WebSocket): Promise<void> {
  if (socket.readyState === WebSocket.OPEN) return Promise.resolve();
  return new Promise((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("close", () => reject(new Error("local-slack closed the socket")));
  });
}

function textOf(data: WebSocket.RawData): string {
  return (Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Buffer)).toString("utf8");
}

function isEnvelope(value: unknown): value is Envelope {
  return typeof value === "object" && value !== null && "envelope_id" in value && "type" in value;
}
