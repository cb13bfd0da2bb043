import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startPostgres, type EmbeddedPostgres } from "../../src/embedded/postgres.ts";
import { plainAccess } from "../../src/probes/access.ts";
import { withApplication } from "../../src/probes/application.ts";
import type { Ledger } from "../../src/probes/application/ledger.ts";
import { foldNumbers } from "../../src/probes/fold.ts";
import type { History } from "../../src/probes/history.ts";
import { createRecorder, type Recorder } from "../../src/probes/recorder.ts";
import type { PodAddress, SystemAdapter, SystemContext, SystemSession } from "../../src/probes/system.ts";
import { startApplication, type TestApplication } from "../support/application.ts";
import { waitFor } from "../support/stack.ts";

/**
 * A test double: a system without members and clients, so that only the application's part is seen. The application and
 * its PostgreSQL are real. `patroni` itself is under it in test/e2e/patroni.test.ts.
 */
const nothing: SystemAdapter = {
  name: "nothing",
  open: async (): Promise<SystemSession> => ({
    describe: async () => ({ clients: [], members: ["db-0"] }),
    topology: async () => ({ groups: {}, summary: "nothing" }),
    guard: async (id) => ({ ok: true, measured: id, bound: "", hint: "" }),
    settings: async () => [],
    start: async (recorder) => ({
      status: () => ({ atMs: recorder.now(), clients: [] }),
      onEvent: () => undefined,
      stop: async () => undefined,
    }),
    awaitConvergence: async () => ({ converged: true, summary: "as ever" }),
    proveConnected: async () => ({ ok: true, pairs: [] }),
    finalReads: async () => [],
    cleanUp: async () => undefined,
    close: async () => undefined,
  }),
};

describe("the probes of an application, with a real one on a real PostgreSQL", () => {
  const directory = mkdtempSync(join(tmpdir(), "aftershock-test-"));
  let postgres: EmbeddedPostgres;
  let app: TestApplication;
  beforeAll(async () => {
    chmodSync(directory, 0o711);
    postgres = await startPostgres(directory);
    app = await startApplication(postgres.url, { DB_POOL_MAX: "4", DB_CONNECT_TIMEOUT_MS: "500" });
    await waitFor(async () => app.printed().includes("tables are ready"), Boolean, 10_000);
  });
  afterAll(async () => {
    await app?.stop();
    await postgres?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  const query = async <T extends pg.QueryResultRow>(text: string, values: unknown[] = []): Promise<T[]> => {
    const client = new pg.Client({ connectionString: postgres.url });
    await client.connect();
    try {
      return (await client.query<T>(text, values)).rows;
    } finally {
      await client.end();
    }
  };
  const ledger: Ledger = {
    memberAt: (address) => (address === "127.0.0.1" ? "db-0" : address),
    finalReads: async (table, runId, client, recorder) => {
      const text = `select seq from ${table} where run = $1 and client = $2 order by seq`;
      const rows = await query<{ seq: number }>(text, [runId, client]);
      const ranges = foldNumbers(rows.map(({ seq }) => seq));
      const read = { type: "final-read", atMs: recorder.now(), member: "db-0", role: "primary" } as const;
      return [{ ...read, client, authoritative: true, ranges }];
    },
    remove: async (table, runId) => void (await query(`delete from ${table} where run = $1`, [runId])),
  };
  const pod = (name = "api-server-x"): PodAddress => ({
    name,
    namespace: "app",
    uid: name,
    host: "127.0.0.1",
    labels: { app: "api-server" },
    ready: true,
  });
  let runs = 0;
  const open = (parameters: Record<string, string | number>, pods = [pod()]): Promise<SystemSession> => {
    const context: SystemContext = {
      namespace: "database",
      access: plainAccess,
      parameters: { appPort: app.port, ...parameters },
      runId: `run-${(runs += 1)}`,
      signal: new AbortController().signal,
      log: () => undefined,
      pods: async () => [],
      podsIn: async (namespace) => (namespace === "app" ? pods : []),
      exec: async () => ({ exitCode: 1, stdout: "", stderr: "" }),
    };
    return withApplication(nothing, async () => ledger).open(context);
  };
  const on = { application: "on", appRate: 50, appTimeout: "3s" };
  const recorderOf = async (session: SystemSession): Promise<Recorder> =>
    createRecorder({
      type: "header",
      schemaVersion: 1,
      run: "run-1",
      experiment: "x",
      system: "nothing",
      zeroAt: "2026-01-01T00:00:00.000Z",
      ...(await session.describe()),
    });
  const acknowledged = (h: History): number[] =>
    h.operations.filter(({ client, outcome }) => client === "app-writes" && outcome === "ok").map(({ seq }) => seq);
  const someOk = async (recorder: Recorder, client: string, more: number): Promise<void> => {
    const count = () =>
      recorder.history().operations.filter((op) => op.client === client && op.outcome === "ok").length;
    const before = count();
    await waitFor(
      async () => count(),
      (now) => now >= before + more,
      15_000,
    );
  };

  it("are only there where they are asked for", async () => {
    const off = await open({ application: "off" });
    expect((await off.describe()).clients).toEqual([]);
    expect((await off.topology()).summary).toBe("nothing");
    expect(await off.guard("application-healthy", {})).toMatchObject({
      ok: true,
      measured: expect.stringContaining("off"),
    });
    const session = await open(on);
    expect((await session.describe()).clients.map(({ id }) => id)).toEqual(["app-writes", "app-reads", "app-health"]);
    expect((await session.topology()).summary).toBe("nothing; application api-server: 1 pod in namespace app");
    await expect(open({ ...on, appService: "other" })).rejects.toMatchObject({ code: "system_unreachable" });
    await expect(open({ ...on, appTable: "x; drop table y" })).rejects.toMatchObject({ code: "bad_parameter" });
  });

  it("hold the guards against a healthy application, and read its pool's settings", async () => {
    const session = await open(on);
    expect(await session.guard("application-healthy", {})).toMatchObject({ ok: true });
    expect(await session.guard("application-pool", { quietSeconds: 0 })).toMatchObject({
      ok: true,
      measured: expect.stringMatching(
        /^api-server-x 0 active, \d idle, 0 waiting, \d+ broken since its start, at most 4$/,
      ),
    });
    expect(await session.guard("of-the-system", {})).toMatchObject({ measured: "of-the-system" });
    expect(await session.settings()).toContainEqual({
      type: "setting",
      member: "api-server-x",
      name: "pool.max",
      value: "4",
    });
  });

  it("stop at an application whose pool has just lost connections, or that does not answer", async () => {
    const session = await open(on);
    await query("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'api-server'");
    await waitFor(
      async () => (await session.guard("application-pool", { quietSeconds: 60 })).ok,
      (ok) => !ok,
      5000,
    );
    const gone = await open({ ...on, appPort: 1 });
    expect(await gone.guard("application-healthy", {})).toMatchObject({ ok: false });
    expect(await gone.guard("application-pool", {})).toMatchObject({ ok: false });
  });

  it("keep a ledger that the application's own table agrees with, and see the pool break and come back", async () => {
    const session = await open(on);
    const recorder = await recorderOf(session);
    const probes = await session.start(recorder);
    const told: string[] = [];
    probes.onEvent(({ event }) => told.push(event));
    await someOk(recorder, "app-writes", 20);
    await query("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'api-server'");
    await waitFor(async () => told.includes("pool-lost") && told.includes("pool-back"), Boolean, 10_000);
    // A database that takes no writes: the application refuses for certain, and goes on reading.
    await query("alter system set default_transaction_read_only = on");
    await query("select pg_reload_conf()");
    const refused = () => recorder.history().operations.filter(({ error }) => error === "read-only");
    await waitFor(
      async () => refused().length,
      (count) => count >= 5,
      10_000,
    );
    await someOk(recorder, "app-reads", 10);
    await query("alter system reset default_transaction_read_only");
    await query("select pg_reload_conf()");
    await someOk(recorder, "app-writes", 20);
    expect(probes.status().clients.map(({ client, member }) => [client, member])).toEqual([
      ["app-writes", "db-0"],
      ["app-reads", "db-0"],
      ["app-health", "db-0"],
    ]);
    await probes.stop();
    const reads = await session.finalReads(recorder);
    const h = recorder.history();
    const stored = new Set(
      reads[0]?.ranges.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_u, i) => from + i)),
    );
    expect(acknowledged(h).length).toBeGreaterThan(40);
    expect(acknowledged(h).filter((seq) => !stored.has(seq))).toEqual([]);
    for (const { seq, outcome } of refused()) expect([outcome, stored.has(seq)]).toEqual(["fail", false]);
    expect(h.schedules.map(({ client }) => client).toSorted()).toEqual(["app-health", "app-reads", "app-writes"]);
    expect(h.events.filter(({ event }) => event === "pool").at(-1)?.detail["broken"]).toBeGreaterThan(0);
    expect(await session.awaitConvergence(recorder, 5000, new AbortController().signal)).toEqual({
      converged: true,
      summary: "as ever; the application api-server is healthy",
    });
    const runId = `run-${runs}`;
    const left = () => query<{ n: number }>("select count(*)::int as n from app.test_writes where run = $1", [runId]);
    expect((await left())[0]?.n).toBe(stored.size);
    await session.cleanUp();
    expect((await left())[0]?.n).toBe(0);
  });

  it("fail for certain when nobody listens, and do not call it converged", async () => {
    const session = await open({ ...on, appPort: 1 });
    const recorder = await recorderOf(session);
    const converged = await session.awaitConvergence(recorder, 300, new AbortController().signal);
    expect(converged).toEqual({
      converged: false,
      summary: "as ever; the application api-server is not healthy again",
    });
  });
});
