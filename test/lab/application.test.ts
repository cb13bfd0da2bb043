import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startPostgres, type EmbeddedPostgres } from "../../src/embedded/postgres.ts";
import { failureOf } from "../../src/lab/application/failure.ts";
import type { PoolFigures } from "../../src/lab/application/pool.ts";
import { startApplication, type TestApplication } from "../support/application.ts";
import { waitFor } from "../support/stack.ts";

const until = (look: () => Promise<boolean>): Promise<boolean> => waitFor(look, Boolean, 10_000);

describe("the sample application, with a real PostgreSQL", () => {
  const directory = mkdtempSync(join(tmpdir(), "aftershock-test-"));
  let postgres: EmbeddedPostgres;
  let app: TestApplication;
  beforeAll(async () => {
    chmodSync(directory, 0o711);
    postgres = await startPostgres(directory);
    app = await startApplication(postgres.url, { DB_POOL_MAX: "2", DB_CONNECT_TIMEOUT_MS: "300" });
    await until(async () => app.printed().includes("tables are ready"));
  });
  afterAll(async () => {
    await app?.stop();
    await postgres?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  const ask = async (path: string, body?: unknown): Promise<{ status: number; body: Record<string, unknown> }> => {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    const answer = await fetch(`${app.url}${path}`, body === undefined ? {} : { method: "POST", body: text });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };
  const figures = async (): Promise<PoolFigures> => (await ask("/api/pool")).body["figures"] as PoolFigures;
  const query = async (text: string): Promise<Array<Record<string, unknown>>> => {
    const client = new pg.Client({ connectionString: postgres.url });
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(text)).rows;
    } finally {
      await client.end();
    }
  };

  it("is healthy and reads a product", async () => {
    expect(await ask("/api/health")).toMatchObject({ status: 200, body: { status: "ok", writable: true } });
    expect(await ask("/api/products/1")).toMatchObject({ status: 200, body: { id: 1, name: "Espresso machine" } });
    expect((await ask("/api/products/99")).status).toBe(404);
    expect((await ask("/api/nothing")).status).toBe(404);
  });

  it("stores what it says it has stored, and who sent it", async () => {
    const sent = { timestamp: "2026-01-01T00:00:00Z", run: "run-7", client: "app-writes", seq: 3 };
    const { status, body } = await ask("/api/test-write", sent);
    expect(status).toBe(201);
    expect(body["server"]).toBe("127.0.0.1");
    expect(await query(`select run, client, seq from app.test_writes where id = ${Number(body["id"])}`)).toEqual([
      { run: "run-7", client: "app-writes", seq: 3 },
    ]);
    // As the training module sends it.
    expect((await ask("/api/test-write", { timestamp: "2026-01-01T00:00:00Z" })).status).toBe(201);
  });

  it.each([["no json"], [{ timestamp: "yesterday-ish" }], [{ seq: 1.5 }], [[]]])(
    "refuses %j as a write",
    async (body) => {
      expect(await ask("/api/test-write", body)).toMatchObject({ status: 400, body: { applied: "no" } });
    },
  );

  it("counts the connections that were broken, and makes new ones", async () => {
    await ask("/api/health");
    const before = await figures();
    expect(before.total).toBeGreaterThan(0);
    await query("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'api-server'");
    await until(async () => (await figures()).broken === before.broken + before.total);
    expect(await figures()).toMatchObject({ total: 0, idle: 0, active: 0, servers: {} });
    expect((await ask("/api/health")).status).toBe(200);
    const after = await figures();
    expect(after.created).toBeGreaterThan(before.created);
    expect(after.lastBrokenAgoMs).toBeGreaterThanOrEqual(0);
    expect(await (await fetch(`${app.url}/metrics`)).text()).toContain(
      `api_db_pool_connections_broken_total ${after.broken}\n`,
    );
  });

  it("lets requests wait when all connections are taken, and says that nothing was stored", async () => {
    const lock = new pg.Client({ connectionString: postgres.url });
    await lock.connect();
    try {
      await lock.query("begin; lock table app.test_writes in exclusive mode");
      const stuck = [1, 2].map((seq) => ask("/api/test-write", { client: "stuck", seq }));
      await until(async () => (await figures()).active === 2);
      const refused = ask("/api/test-write", { client: "stuck", seq: 3 });
      await until(async () => (await figures()).waiting === 1);
      expect(await refused).toEqual({ status: 503, body: { error: "pool-exhausted", applied: "no" } });
      await lock.query("commit");
      expect((await Promise.all(stuck)).map(({ status }) => status)).toEqual([201, 201]);
    } finally {
      await lock.end();
    }
  });

  it("says that a write may have been stored when its connection broke under it", async () => {
    const lock = new pg.Client({ connectionString: postgres.url });
    await lock.connect();
    try {
      await lock.query("begin; lock table app.test_writes in exclusive mode");
      const stuck = ask("/api/test-write", { client: "stuck", seq: 4 });
      await until(async () => (await figures()).active === 1);
      await query("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'api-server'");
      expect(await stuck).toMatchObject({ status: 500, body: { applied: "unknown" } });
    } finally {
      await lock.end();
    }
  });

  it("leaves a read-only server, and answers reads from it", async () => {
    await query("alter system set default_transaction_read_only = on");
    await query("select pg_reload_conf()");
    try {
      await until(async () => (await ask("/api/test-write", {})).status === 503);
      expect((await ask("/api/test-write", {})).body).toEqual({ error: "read-only", applied: "no" });
      expect((await ask("/api/products/1")).status).toBe(200);
    } finally {
      await query("alter system reset default_transaction_read_only");
      await query("select pg_reload_conf()");
    }
  });

  it("lives on without its database, and says so", async () => {
    await postgres.stop();
    expect(await ask("/api/health")).toMatchObject({ status: 503, body: { status: "no-database" } });
    expect(await ask("/api/test-write", {})).toMatchObject({ status: 503, body: { applied: "no" } });
    expect((await ask("/api/products/1")).status).toBe(503);
    expect(await figures()).toMatchObject({ total: 0 });
  });
});

describe("what an error of the database means", () => {
  const error = (code: string) => Object.assign(new Error("x"), { code });
  it.each([
    ["25006", "no", "read-only", "unwanted"],
    ["42P01", "no", "no-table", "usable"],
    ["28P01", "no", "not-authorized", "usable"],
    ["ECONNREFUSED", "no", "refused", "lost"],
    ["ENOTFOUND", "no", "no-address", "lost"],
    ["57P01", "unknown", "shut-down", "lost"],
    ["23505", "unknown", "SQLSTATE 23505", "usable"],
    ["ECONNRESET", "unknown", "connection-lost", "lost"],
  ])("%s: applied %s", (code, applied, reason, connection) => {
    expect(failureOf(error(code))).toEqual({ applied, reason, connection });
  });
});
