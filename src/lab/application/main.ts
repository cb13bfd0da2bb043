/**
 * The lab's sample application: a small HTTP service on a PostgreSQL, as one that a failover would hit. It does what
 * such programs commonly do (a pool, time-outs, the service's name) and no more, so that the figures of a run are
 * those of an ordinary application. Its settings come from environment variables.
 *
 *   GET /api/health, POST /api/test-write, GET /api/products/ID, GET /api/pool (JSON), GET /metrics (Prometheus)
 */
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { openPool } from "./pool.ts";
import { createApplication } from "./server.ts";
import { prepare } from "./store.ts";

const prepareEveryMs = 250;

const text = (name: string, fallback: string): string => process.env[name] ?? fallback;
const count = (name: string, fallback: number): number => Number(process.env[name] ?? fallback);

const database = openPool({
  host: text("DB_HOST", "postgresql.database.svc.cluster.local"),
  port: count("DB_PORT", 5432),
  user: text("DB_USER", "postgres"),
  database: text("DB_NAME", "postgres"),
  max: count("DB_POOL_MAX", 10),
  connectionTimeoutMs: count("DB_CONNECT_TIMEOUT_MS", 2000),
  queryTimeoutMs: count("DB_QUERY_TIMEOUT_MS", 3000),
  idleTimeoutMs: count("DB_IDLE_TIMEOUT_MS", 10_000),
  keepAlive: text("DB_KEEPALIVE", "off") === "on",
});
const server = createApplication(database);
server.listen(count("PORT", 8080), text("LISTEN", "0.0.0.0"), () => {
  process.stdout.write(`listening on port ${(server.address() as AddressInfo).port}\n`);
});

let leaving = false;
const leave = (): void => {
  if (leaving) return;
  leaving = true;
  server.close(() => void database.end().finally(() => process.exit(0)));
  server.closeIdleConnections();
};
process.on("SIGTERM", leave);
process.on("SIGINT", leave);

for (;;) {
  try {
    await prepare(database);
    process.stdout.write("tables are ready\n");
    break;
  } catch (error) {
    if (leaving) break;
    process.stderr.write(`tables: ${error instanceof Error ? error.message : String(error)}\n`);
    await sleep(prepareEveryMs);
  }
}
