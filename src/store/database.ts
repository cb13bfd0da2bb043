import { fileURLToPath } from "node:url";
import { runner } from "node-pg-migrate";
import pg from "pg";

export type Database = pg.Pool;
/** A pool, or one connection inside a transaction. */
export type Queryable = Pick<pg.Pool, "query"> | Pick<pg.PoolClient, "query">;

/**
 * PostgreSQL ends a transaction that its client has left open for so long. Ours take milliseconds; one that does not move
 * belongs to a process that hangs, and its row locks would keep another worker from healing that run.
 */
export const openTransactionMs = 5000;

/** Opens a pool. Idle-connection errors go to `onError`: without a listener they would end the process. */
export function openDatabase(url: string, onError: (error: Error) => void): Database {
  const pool = new pg.Pool({
    connectionString: url,
    max: 10,
    connectionTimeoutMillis: 5000,
    idle_in_transaction_session_timeout: openTransactionMs,
  });
  pool.on("error", onError);
  return pool;
}

/** Brings the schema up to date; safe when several processes start at once (they wait for each other). */
export async function migrate(url: string): Promise<void> {
  await runner({
    databaseUrl: url,
    dir: fileURLToPath(new URL("./migrations", import.meta.url)),
    direction: "up",
    migrationsTable: "schema_migrations",
    advisoryLockMode: "wait",
    log: () => undefined,
  });
}

/** Runs `work` in one transaction; any throw rolls back. */
export async function inTransaction<T>(database: Database, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await database.connect();
  let broken: Error | undefined;
  try {
    await client.query("begin");
    const result = await work(client);
    await client.query("commit");
    return result;
  } catch (error) {
    await client.query("rollback").catch((lost: Error) => (broken = lost));
    throw error;
  } finally {
    client.release(broken);
  }
}

/** True for a unique-constraint violation (SQLSTATE 23505) of the named constraint or index. */
export function violates(error: unknown, constraint: string): boolean {
  return error instanceof pg.DatabaseError && error.code === "23505" && error.constraint === constraint;
}
