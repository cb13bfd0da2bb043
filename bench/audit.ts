import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type pg from "pg";
import { startPostgres } from "../src/embedded/postgres.ts";
import { inTransaction, openDatabase, type Database } from "../src/store/database.ts";
import { appendEvents } from "../src/store/events.ts";
import { migrate } from "../src/store/schema.ts";
import { insertTestRun } from "../test/support/database.ts";
import { sayer } from "./scale/write.ts";

/**
 * What the audit trail costs: transactions of two events each, every writer on a run of its own, by the same server in
 * the same minute: without the trail, with it (written at commit), and written at once, as a plain trigger would.
 * Run: npx tsx bench/audit.ts [--seconds 3] [--rounds 2] [--write docs/scale.md]
 */
const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "3" },
    rounds: { type: "string", default: "2" },
    write: { type: "string" },
  },
});
const seconds = Number(values.seconds);
const { say, write } = sayer();

const modes = ["no trail", "trail at commit", "trail at once"] as const;
type Mode = (typeof modes)[number];

const status = {
  type: "system",
  atMs: 1234.5,
  source: "redis-sentinel-0",
  event: "+switch-master",
  detail: { from: "redis-0", to: "redis-2", quorum: 2 },
} as const;

async function transaction(client: pg.PoolClient, runId: string, mode: Mode): Promise<void> {
  // One statement more in every mode, so that the modes differ in nothing else.
  await client.query(`set constraints all ${mode === "trail at once" ? "immediate" : "deferred"}`);
  await appendEvents(client, runId, [status, status]);
}

async function measure(database: Database, runs: readonly string[], mode: Mode): Promise<number[]> {
  await database.query(`alter table run_events ${mode === "no trail" ? "disable" : "enable"} trigger audited`);
  const tookMs: number[] = [];
  const end = performance.now() + seconds * 1000;
  await Promise.all(
    runs.map(async (runId) => {
      while (performance.now() < end) {
        const startedAt = performance.now();
        await inTransaction(database, (client) => transaction(client, runId, mode));
        tookMs.push(performance.now() - startedAt);
      }
    }),
  );
  return tookMs;
}

function line(mode: Mode, tookMs: readonly number[], rounds: number): string {
  const sorted = tookMs.toSorted((a, b) => a - b);
  const at = (part: number): string => (sorted[Math.floor(sorted.length * part)] ?? Number.NaN).toFixed(2);
  const rate = (sorted.length / seconds / rounds).toFixed(0);
  return `    ${mode.padEnd(16)} ${rate.padStart(6)} transactions/s   p50 ${at(0.5)} ms   p99 ${at(0.99)} ms`;
}

for (const durable of ["off", "on"]) {
  const directory = mkdtempSync(join(tmpdir(), "aftershock-bench-"));
  chmodSync(directory, 0o711);
  const postgres = await startPostgres(directory, { fsync: durable, synchronous_commit: durable });
  await migrate(postgres.url);
  const database = openDatabase(postgres.url, () => undefined);
  try {
    for (const writers of [1, 8]) {
      say(`fsync ${durable}, ${writers} ${writers === 1 ? "writer" : "writers"}, 2 events a transaction`);
      const runs = await Promise.all(Array.from({ length: writers }, () => insertTestRun(database)));
      const took = new Map<Mode, number[]>(modes.map((mode) => [mode, []]));
      const rounds = Number(values.rounds);
      for (let round = 0; round < rounds; round += 1) {
        for (const mode of modes) took.get(mode)?.push(...(await measure(database, runs, mode)));
      }
      for (const mode of modes) say(line(mode, took.get(mode) ?? [], rounds));
    }
    const { rows } = await database.query<{ bytes: string }>(
      "select round(avg(length(entry)))::text as bytes from audit_log where source = 'run_events'",
    );
    say(`  an entry of such an event: ${rows[0]?.bytes} bytes`);
  } finally {
    await database.end();
    await postgres.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}
write(values.write, "audit");
