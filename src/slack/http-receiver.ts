import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { HTTPReceiver, type BufferedIncomingMessage, type Logger as BoltLogger, type Receiver } from "@slack/bolt";
import { messageOf } from "../errors.ts";
import { createHttpGate, type Refused } from "./http-gate.ts";

/** Slack sends a request at once; whoever takes longer is slow on purpose (Node's own limits are 60 s and 300 s). */
const timeouts = {
  headersTimeout: 5000,
  requestTimeout: 10_000,
  keepAliveTimeout: 5000,
  connectionsCheckingInterval: 500,
};

const mostConnections = 200;

/** What is being answered when the bot is told to stop may take so long. */
const stopGraceMs = 2000;

/** Forged requests come in floods; of each reason so much time passes between two lines of the log. */
const logEveryMs = 10_000;

export interface HttpReceiverOptions {
  signingSecret: string;
  logger: BoltLogger;
  /** Told about requests that were refused, by reason, at most every ten seconds each. */
  onRefused: (why: string, count: number) => void;
}

/**
 * Bolt's HTTP receiver behind a gate and a server with bounds: what is not Slack's, too large, or too slow is refused
 * before Bolt sees it, and none of it can keep the bot from stopping.
 */
export function createHttpReceiver({ signingSecret, logger, onRefused }: HttpReceiverOptions): Receiver {
  const inner = new HTTPReceiver({ signingSecret, logger });
  const gate = createHttpGate(signingSecret);
  const tell = coalesced(onRefused);
  let server: Server | undefined;
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const found = await gate.admit(request);
    if ("status" in found) {
      tell(found.why);
      return refuse(request, response, found);
    }
    request.headers["content-type"] = found.contentType;
    const read: BufferedIncomingMessage = Object.assign(request, { rawBody: found.body });
    inner.requestListener(read, response);
  };
  return {
    init: (app) => inner.init(app),
    start: (port: number) =>
      new Promise<void>((resolve, reject) => {
        server = createServer(timeouts, (request, response) => {
          handle(request, response).catch((error: unknown) => {
            // The connection broke while its request was read.
            tell(messageOf(error));
            response.destroy();
          });
        });
        server.maxConnections = mostConnections;
        server.once("error", reject);
        server.listen(port, () => resolve());
      }),
    stop: () =>
      new Promise<void>((resolve) => {
        if (server === undefined) return resolve();
        const cut = setTimeout(() => server?.closeAllConnections(), stopGraceMs);
        server.close(() => {
          clearTimeout(cut);
          resolve();
        });
      }),
  };
}

function refuse(request: IncomingMessage, response: ServerResponse, { status }: Refused): void {
  response.writeHead(status, { "content-length": 0, ...(status === 405 ? { allow: "POST" } : {}) });
  response.end();
  // The rest of a body is thrown away as it comes, so that who sends it can read the answer; the server ends it in time.
  request.resume();
}

function coalesced(tell: (why: string, count: number) => void): (why: string) => void {
  const since = new Map<string, { toldAtMs: number; count: number }>();
  return (why) => {
    const { toldAtMs, count } = since.get(why) ?? { toldAtMs: -logEveryMs, count: 0 };
    const due = performance.now() - toldAtMs >= logEveryMs;
    since.set(why, { toldAtMs: due ? performance.now() : toldAtMs, count: due ? 0 : count + 1 });
    if (due) tell(why, count + 1);
  };
}
