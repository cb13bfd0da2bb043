import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkConsistency, checksumFailures } from "../../src/probes/postgres-io/consistency.ts";
import { dropAmcheck, ensureAmcheck } from "../../src/probes/postgres-io/extension.ts";
import { judgeAmcheck } from "../../src/probes/postgres-io/guards.ts";
import { openMeasuring } from "../../src/probes/postgres-io/measure.ts";
import { backBoundMs, medianOf, samplesOf } from "../../src/probes/postgres-io/samples.ts";
import { watchServer } from "../../src/probes/postgres-io/server-watch.ts";
import { readStatistics } from "../../src/probes/postgres-io/statistics.ts";
import { createTables, dropTables, pagesPerColdRead, tablesOf } from "../../src/probes/postgres-io/workload.ts";
import { createRecorder, type Recorder } from "../../src/probes/recorder.ts";
import type { ExerciseStage, SystemContext } from "../../src/probes/system.ts";
import { history } from "../support/history-builder.ts";
import { startScratchPostgres, type ScratchPostgres } from "../support/scratch-postgres.ts";
import { waitFor } from "../support/stack.ts";

const tables = tablesOf("run-7");
const recorder = (): Recorder => createRecorder(history().header);
const stageOf = (to: Recorder): ExerciseStage => ({ recorder: to, signal: new AbortController().signal });
const eventsNamed = (from: Recorder, name: string) => from.history().events.filter(({ event }) => event === name);

describe("the exercise on a real PostgreSQL", () => {
  let server: ScratchPostgres;
  beforeAll(async () => {
    server = await startScratchPostgres();
    for (const text of createTables(tables)) await server.query(text);
  });
  afterAll(() => server?.remove());

  const check = async (to: Recorder, failuresBefore: ReadonlyMap<string, number | null>) =>
    checkConsistency({
      context: server.context as SystemContext,
      members: server.members,
      primary: "pg-0",
      tables,
      container: "postgresql",
      limitMs: 60_000,
      failuresBefore,
      stage: stageOf(to),
    });
  const flip = (file: string, at: number): void => {
    const handle = openSync(join(server.data, file), "r+");
    const byte = Buffer.alloc(1);
    readSync(handle, byte, 0, 1, at);
    writeSync(handle, Buffer.from([byte[0]! ^ 0xff]), 0, 1, at);
    closeSync(handle);
  };
  const fileOf = async (name: string): Promise<string> =>
    (await server.query<{ path: string }>(`select pg_relation_filepath('${name}') as path`))[0]?.path ?? "";

  it("has 5,000 rows of 1 KiB", async () => {
    const [row] = await server.query(`select count(*)::int as rows, min(length(payload)) as size from ${tables.perf}`);
    expect(row).toEqual({ rows: 5000, size: 1024 });
  });
  it("reads cached rows from shared buffers, and cold pages not, each time others", async () => {
    const to = recorder();
    const measuring = openMeasuring(server.members, "pg-0", tables, to);
    expect(await measuring.round(stageOf(to), "before")).toBe(true);
    await measuring.buffers(stageOf(to), "during");
    await measuring.buffers(stageOf(to), "during");
    measuring.close();
    const read = eventsNamed(to, "buffers").map(({ detail }) => [detail["query"], detail["read"]]);
    expect(read).toContainEqual(["cached-read", 0]);
    expect(read.filter(([query]) => query === "cold-read").map(([, pages]) => pages)).toEqual([
      pagesPerColdRead,
      pagesPerColdRead,
    ]);
    expect(samplesOf(to.history().events, "before", "write")).toHaveLength(1);
  });
  it("says what the server says of itself, and that 15 has no pg_stat_io", async () => {
    const found = await readStatistics(async (text) => server.query(text));
    expect(found["wal-lsn"]).toMatch(/^[0-9A-F]+\/[0-9A-F]+$/);
    expect(Number(found["wal-bytes"])).toBeGreaterThan(0);
    const [version] = await server.query<{ n: number }>("select current_setting('server_version_num')::int as n");
    expect(found["io-reads"] === null).toBe((version?.n ?? 0) < 160_000);
  });
  it("installs amcheck where it is missing, and drops only what it installed", async () => {
    const ask = async (text: string) => server.query(text);
    const there = () => server.query("select 1 from pg_extension where extname = 'amcheck'");
    await ensureAmcheck(ask as never);
    expect(await there()).toHaveLength(1);
    await dropAmcheck(ask as never);
    expect(await there()).toHaveLength(0);
    await server.query("create extension amcheck");
    await ensureAmcheck(ask as never);
    await dropAmcheck(ask as never);
    expect(await there()).toHaveLength(1);
  });
  it("finds sound data sound", async () => {
    const to = recorder();
    const proofs = await check(to, await checksumFailures(server.members));
    expect(proofs.filter(({ ok }) => !ok)).toEqual([]);
    expect(eventsNamed(to, "amcheck")[0]?.detail).toMatchObject({ exitCode: 0 });
    expect(eventsNamed(to, "checksums")[0]?.detail).toEqual({ before: 0, now: 0 });
  });
  it("tells a server that goes down, and when it is up again with another start time", async () => {
    const to = recorder();
    const watch = watchServer({ members: server.members, pod: "pg-0", recorder: to, quiet: to });
    await watch.first;
    await server.stop("SIGQUIT");
    const told = (up: boolean) => eventsNamed(to, "server").filter(({ detail }) => detail["up"] === up);
    await waitFor(
      async () => told(false).length,
      (count) => count === 1,
      20_000,
    );
    await server.start();
    await waitFor(
      async () => told(true).length,
      (count) => count === 2,
      20_000,
    );
    watch.stop();
    expect(told(true)[0]?.detail["startedAt"]).not.toBe(told(true)[1]?.detail["startedAt"]);
  });
  it("takes an unlogged table that a crash emptied for no answer", async () => {
    const to = recorder();
    const measuring = openMeasuring(server.members, "pg-0", tables, to);
    expect(await measuring.round(stageOf(to), "during")).toBe(false);
    measuring.close();
    const cold = eventsNamed(to, "sample").find(({ detail }) => detail["query"] === "cold-read");
    expect(cold?.detail["error"]).toBe("emptied");
  });
  it("finds a byte that was flipped in a table, by pg_amcheck and by the checksums", async () => {
    const before = await checksumFailures(server.members);
    const file = await fileOf(tables.perf);
    await server.stop();
    flip(file, 5 * 8192 + 4000);
    await server.start();
    const to = recorder();
    const proofs = await check(to, before);
    expect(eventsNamed(to, "amcheck")[0]?.detail).toMatchObject({ exitCode: 2 });
    const { detail } = eventsNamed(to, "checksums")[0] ?? {};
    expect(Number(detail?.["now"])).toBeGreaterThan(Number(detail?.["before"]));
    expect(proofs.filter(({ ok }) => !ok).map(({ what }) => what)).toEqual(
      expect.arrayContaining([
        "pg_amcheck finds nothing on pg-0",
        "no page of pg-0 failed its checksum",
        `${tables.perf} is the same on every member`,
      ]),
    );
  });
  it("leaves no table behind", async () => {
    await server.query(dropTables(tables));
    expect(await server.query("select 1 from pg_tables where tablename like 'aftershock%'")).toEqual([]);
  });
});

describe("the guard of the check afterwards", () => {
  const program = { found: true, said: "pg_amcheck (PostgreSQL) 15.18" };
  it("holds where both are there", () => expect(judgeAmcheck({ extension: true, program }).ok).toBe(true));
  it.each([
    ["the extension is missing", { extension: false, program }],
    ["it cannot be read", { extension: null, program }],
    ["the program is missing", { extension: true, program: { found: false, said: "not found" } }],
  ])("stops when %s", (_what, evidence) => expect(judgeAmcheck(evidence).ok).toBe(false));
});

describe("a median", () => {
  it("is the lower one, and none of nothing", () => {
    expect(medianOf([3, 1, 2])).toBe(2);
    expect(medianOf([4, 1, 2, 3])).toBe(2);
    expect(medianOf([])).toBeNull();
  });
  it("is back at three times the baseline, or 10 ms more", () => {
    expect(backBoundMs(1)).toBe(11);
    expect(backBoundMs(50)).toBe(150);
  });
});
