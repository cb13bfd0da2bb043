import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";

/** Writes a run's files (report.html, report.md, report.json, charts, history.jsonl) from the bot's database to a folder. */
export async function writeReportFiles(databaseUrl: string, runId: string, directory: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string; bytes: Buffer }>(
      "select name, bytes from run_artifacts where run_id = $1 order by name",
      [runId],
    );
    mkdirSync(directory, { recursive: true });
    return rows.map(({ name, bytes }) => {
      const file = join(directory, name);
      writeFileSync(file, bytes);
      return file;
    });
  } finally {
    await client.end();
  }
}

/** How a run ended, from the database. */
export async function runResult(
  databaseUrl: string,
  runId: string,
): Promise<{ state: string; cleanup: string | null; hypothesis: string | null }> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ state: string; cleanup: string | null; hypothesis: string | null }>(
      `select r.state, e.data->'report'->'verdicts'->>'cleanup' as cleanup,
              e.data->'report'->'verdicts'->>'hypothesis' as hypothesis
         from runs r left join run_events e on e.run_id = r.id and e.type = 'judged' where r.id = $1`,
      [runId],
    );
    return rows[0] ?? { state: "unknown", cleanup: null, hypothesis: null };
  } finally {
    await client.end();
  }
}
