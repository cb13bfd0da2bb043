import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { metricsText } from "./metrics.ts";
import { DatabaseError, type Database } from "./pool.ts";
import { askDatabase, findProduct, storeWrite, type TestWrite } from "./store.ts";

const mostBytes = 64 * 1024;
/** Longer than clients keep a connection, so that none is closed under a request. */
const keepAliveMs = 65_000;

interface Answer {
  status: number;
  body: unknown;
}
type Handler = (database: Database, request: IncomingMessage, match: RegExpExecArray) => Promise<Answer> | Answer;

/**
 * A statement that failed: 503 when it certainly took no effect (`applied: "no"`), 500 when it may have
 * (`applied: "unknown"`). `error` names the reason.
 */
function failed(error: unknown): Answer {
  if (!(error instanceof DatabaseError)) throw error;
  const { applied, reason } = error.failure;
  return { status: applied === "no" ? 503 : 500, body: { error: reason, applied } };
}

/**
 * Healthy means: a request that needs the database would be answered. So it is 200 when a pooled connection answers
 * (`writable` says whether it is to a primary) and 503 when none does. That the process lives is told by any answer.
 */
const health: Handler = async (database) => {
  try {
    const answer = await askDatabase(database);
    return { status: 200, body: { status: answer.writable ? "ok" : "read-only", ...answer } };
  } catch (error) {
    return { status: 503, body: { status: "no-database", error: (failed(error).body as { error: string }).error } };
  }
};

const testWrite: Handler = async (database, request) => {
  const write = readWrite(await readJson(request));
  if (write === null) {
    return { status: 400, body: { error: 'send JSON such as {"timestamp":"2026-01-01T00:00:00Z"}', applied: "no" } };
  }
  try {
    return { status: 201, body: await storeWrite(database, write) };
  } catch (error) {
    return failed(error);
  }
};

const product: Handler = async (database, _request, match) => {
  try {
    const found = await findProduct(database, Number(match[1]));
    return found === null ? { status: 404, body: { error: "no such product" } } : { status: 200, body: found };
  } catch (error) {
    // A read has no effect to be unsure of.
    return { ...failed(error), status: 503 };
  }
};

const pool: Handler = (database) => ({
  status: 200,
  body: { pod: process.env["POD_NAME"] ?? "unknown", figures: database.figures(), settings: database.settings },
});

const routes: ReadonlyArray<[method: string, path: RegExp, name: string, handler: Handler]> = [
  ["GET", /^\/api\/health$/, "/api/health", health],
  ["POST", /^\/api\/test-write$/, "/api/test-write", testWrite],
  ["GET", /^\/api\/products\/(\d{1,9})$/, "/api/products/:id", product],
  ["GET", /^\/api\/pool$/, "/api/pool", pool],
];

/** The application's HTTP server; not listening yet. */
export function createApplication(database: Database): Server {
  const answered = new Map<string, number>();
  const server = createServer((request, response) => void serve(request, response));
  server.keepAliveTimeout = keepAliveMs;
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = (request.url ?? "/").split("?")[0] ?? "/";
    if (request.method === "GET" && path === "/metrics") {
      response.setHeader("content-type", "text/plain; version=0.0.4");
      return void response.end(metricsText(database.figures(), answered));
    }
    const { status, body, name } = await answer(request, path);
    const key = `${request.method ?? ""} ${name} ${status}`;
    answered.set(key, (answered.get(key) ?? 0) + 1);
    response.writeHead(status, { "content-type": "application/json" });
    response.end(`${JSON.stringify(body)}\n`);
  };
  const answer = async (request: IncomingMessage, path: string): Promise<Answer & { name: string }> => {
    for (const [method, pattern, name, handler] of routes) {
      const match = pattern.exec(path);
      if (match === null || request.method !== method) continue;
      try {
        return { ...(await handler(database, request, match)), name };
      } catch (error) {
        process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
        return { status: 500, body: { error: "internal", applied: "unknown" }, name };
      }
    }
    return { status: 404, body: { error: "no such path", applied: "no" }, name: "other" };
  };
  return server;
}

/** The body as JSON; undefined when it is none, or too long. */
async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > mostBytes) return undefined;
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch {
    return undefined;
  }
}

/** Null for what is no write: a timestamp that is none, a text that is too long, a number that is none. */
function readWrite(body: unknown): TestWrite | null {
  if (typeof body !== "object" || body === null || Array.isArray(body)) return null;
  const { timestamp = null, run = null, client = null, seq = null } = body as Record<string, unknown>;
  const isText = (value: unknown): value is string | null =>
    value === null || (typeof value === "string" && value.length <= 100);
  if (!isText(timestamp) || !isText(run) || !isText(client)) return null;
  if (timestamp !== null && Number.isNaN(Date.parse(timestamp))) return null;
  if (seq !== null && !(typeof seq === "number" && Number.isInteger(seq) && Math.abs(seq) < 2 ** 31)) return null;
  return { timestamp, run, client, seq };
}
