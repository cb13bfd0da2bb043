import { createServer } from "node:http";
import { rename, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { messageOf } from "./errors.ts";

/** One thing that must work before the process may be given work. Rejecting means: not now. */
export interface ReadinessCheck {
  name: string;
  check: () => Promise<void>;
}

/** Something to be read, e.g. by Prometheus. */
export interface Page {
  contentType: string;
  body: string;
}

export interface HealthServer {
  port: number;
  close(): Promise<void>;
}

const checkTimeoutMs = 2000;

/**
 * `GET /healthz`: 200 while the event loop turns. `GET /readyz`: 200 when every check passes, otherwise 503; the body
 * names each check. `GET /metrics`: what `metrics` makes, 500 when it rejects. With `portFile`, the chosen port is written there (port 0 takes a free one).
 */
export async function startHealthServer(options: {
  port: number;
  portFile?: string;
  checks: readonly ReadinessCheck[];
  metrics: () => Promise<Page>;
}): Promise<HealthServer> {
  // Whoever asks while the checks run is told what those find: each of them asks PostgreSQL, Redis and Slack something.
  let running: Promise<Record<string, string>> | undefined;
  const results = (): Promise<Record<string, string>> =>
    (running ??= runChecks(options.checks).finally(() => (running = undefined)));
  const server = createServer((request, response) => {
    const answer = (status: number, body: unknown): void => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(`${JSON.stringify(body)}\n`);
    };
    if (request.url === "/healthz") return answer(200, { ok: true });
    if (request.url === "/metrics") {
      void options.metrics().then(
        ({ contentType, body }) => {
          response.writeHead(200, { "content-type": contentType });
          response.end(body);
        },
        (error: unknown) => answer(500, { error: messageOf(error) }),
      );
      return;
    }
    if (request.url !== "/readyz") return answer(404, { error: "GET /healthz, /readyz or /metrics" });
    void results().then((found) => answer(Object.values(found).every((result) => result === "ok") ? 200 : 503, found));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, resolve);
  });
  const { port } = server.address() as AddressInfo;
  if (options.portFile !== undefined) {
    // Renamed into place, so that a reader never sees half of it.
    await writeFile(`${options.portFile}.new`, String(port));
    await rename(`${options.portFile}.new`, options.portFile);
  }
  return {
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function runChecks(checks: readonly ReadinessCheck[]): Promise<Record<string, string>> {
  const results = await Promise.all(
    checks.map(async ({ name, check }) => {
      const limit = new Promise<never>((_resolve, reject) => {
        setTimeout(() => reject(new Error("no answer in time")), checkTimeoutMs).unref();
      });
      return [name, await Promise.race([check(), limit]).then(() => "ok", messageOf)] as const;
    }),
  );
  return Object.fromEntries(results);
}
