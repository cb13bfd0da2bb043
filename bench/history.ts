import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import pg from "pg";
import { startPostgres } from "../src/embedded/postgres.ts";
import { migrate } from "../src/store/schema.ts";
import { asked, questions } from "../test/support/asked.ts";
import { fillHistory } from "../test/support/big-history.ts";
import { loadText } from "./scale/cost.ts";
import { putBetween } from "./scale/write.ts";

/**
 * What the questions cost that bots and workers ask again and again, beside so much history; each is the service's own
 * query, run under EXPLAIN ANALYZE.
 * Run: npx tsx bench/history.ts [--runs 100000] [--events 100] [--write docs/scale.md]
 */
const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "100000" },
    events: { type: "string", default: "100" },
    write: { type: "string" },
  },
});
const volume = { runs: Number(values.runs), eventsPerRun: Number(values.events) };
const directory = mkdtempSync(join(tmpdir(), "aftershock-bench-"));
chmodSync(directory, 0o711);
const postgres = await startPostgres(directory, { max_wal_size: "8GB", shared_buffers: "512MB" });
try {
  await migrate(postgres.url);
  const client = new pg.Client({ connectionString: postgres.url });
  await client.connect();
  const startedAt = performance.now();
  await fillHistory(client, volume);
  const { rows } = await client.query<{ size: string }>(
    "select pg_size_pretty(pg_database_size(current_database())) as size",
  );
  const shown = (value: number): string => value.toLocaleString("en-US");
  const size = `Beside ${shown(volume.runs)} runs with ${volume.eventsPerRun} events each (${rows[0]?.size}; ${loadText()}):`;
  console.log(`filled in ${((performance.now() - startedAt) / 1000).toFixed(0)} s\n${size}`);
  const lines = [size, "", "| the question | asked | takes | rows read |", "| --- | --- | --- | --- |"];
  for (const question of questions(volume)) {
    const { what, tookMs, rowsRead, plans } = await asked(client, question);
    lines.push(`| ${what} | ${question.when} | ${tookMs.toFixed(1)} ms | ${shown(rowsRead)} |`);
    console.log(`${lines.at(-1)} ${plans}`);
  }
  if (values.write !== undefined) putBetween(values.write, "history", lines.join("\n"));
  await client.end();
} finally {
  await postgres.stop();
  rmSync(directory, { recursive: true, force: true });
}
