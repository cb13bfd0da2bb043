import pg from "pg";
import { mayMigrate, mayRewrite, missingMigrations } from "./schema.ts";

/** What a database is, and what its user may do with it. */
export interface DatabaseFacts {
  /** PostgreSQL's `server_version_num`, e.g. 150004. */
  versionNumber: number;
  /** As people say it: `15.4`. */
  version: string;
  /** Migrations of this version that it has not seen, in order. */
  missing: readonly string[];
  mayMigrate: boolean;
  /** Null where there is no trail yet. */
  mayRewrite: boolean | null;
  /** A replica that takes no writes. */
  inRecovery: boolean;
  clock: { theirsMs: number; askedAtMs: number; answeredAtMs: number };
}

/** Looks, and changes nothing. Every step ends within `withinMs`. Rejects with what PostgreSQL or the network said. */
export async function inspectDatabase(url: string, withinMs: number): Promise<DatabaseFacts> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: withinMs,
    query_timeout: withinMs,
  });
  client.on("error", () => undefined);
  try {
    await client.connect();
    const askedAtMs = Date.now();
    const { rows } = await client.query<{ now: Date; number: string; version: string; recovery: boolean }>(
      `select clock_timestamp() as now, current_setting('server_version_num') as number,
              current_setting('server_version') as version, pg_is_in_recovery() as recovery`,
    );
    const answeredAtMs = Date.now();
    const [row] = rows;
    if (row === undefined) throw new Error("PostgreSQL answered nothing");
    const { rows: trail } = await client.query<{ there: boolean }>(
      "select to_regclass('audit_log') is not null as there",
    );
    return {
      versionNumber: Number(row.number),
      version: row.version.split(" ")[0] ?? row.version,
      missing: await missingMigrations(client),
      mayMigrate: await mayMigrate(client),
      mayRewrite: trail[0]?.there === true ? await mayRewrite(client) : null,
      inRecovery: row.recovery,
      clock: { theirsMs: row.now.getTime(), askedAtMs, answeredAtMs },
    };
  } finally {
    // A server that does not answer would not answer this either.
    void client.end().catch(() => undefined);
  }
}
