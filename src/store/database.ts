import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { AftershockError, isAftershockError, messageOf } from "../errors.ts";

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

/** For a command that PostgreSQL does not let in; what a person can mend already stays as it is. */
export function databaseRefused(error: unknown, hint: string): AftershockError {
  if (isAftershockError(error)) return error;
  const problem = `PostgreSQL does not let this command in: ${messageOf(error)}.`;
  return new AftershockError("bad_config", problem, hint, { cause: error });
}

/** Runs `work` in one transaction; any throw rolls back. */
export async function inTransaction<T>(database: Database, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await database.connect();
  let broken: Error | undefined;
  // A connection that is ended between two statements says so as an event, which ends the process if nobody listens: the
  // pool does so only for those that are not in use. The next statement rejects.
  const onLost = (error: Error): void => void (broken = error);
  client.on("error", onLost);
  try {
    await client.query("begin");
    const result = await work(client);
    await client.query("commit");
    return result;
  } catch (error) {
    await client.query("rollback").catch((lost: Error) => (broken = lost));
    throw error;
  } finally {
    client.off("error", onLost);
    client.release(broken);
  }
}

/** True for a unique-constraint violation (SQLSTATE 23505) of the named constraint or index. */
export function violates(error: unknown, constraint: string): boolean {
  return error instanceof pg.DatabaseError && error.code === "23505" && error.constraint === constraint;
}

/** PostgreSQL's clock, ISO 8601: the one clock that all bots and workers share. */
export async function databaseNow(client: Queryable): Promise<string> {
  const { rows } = await client.query<{ now: Date }>("select clock_timestamp() as now");
  return (rows[0]?.now ?? new Date()).toISOString();
}

/** Words of node-postgres and of the network for a server that is not there, or not any more. */
const outageWords =
  /ECONN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOENT|Connection terminated|timeout exceeded|not queryable/;
/** SQLSTATE of a server that is going, coming, or full: connection, disk, memory and connections, shutdown. */
const outageStates = /^(08...|53[123]00|57P0[123])$/;

/** True when the server was not there to answer, so that asking again may help, and what was asked may have been done. */
export function isOutage(error: unknown): boolean {
  if (error instanceof pg.DatabaseError) return outageStates.test(error.code ?? "");
  if (error instanceof AggregateError) return error.errors.some(isOutage);
  return error instanceof Error && outageWords.test(`${"code" in error ? String(error.code) : ""} ${error.message}`);
}

const firstRetryMs = 100;
const longestRetryMs = 2000;

/**
 * As `inTransaction`, through an outage of the server: it is tried again until it is known to have been done once, or
 * `signal` aborts. A commit whose answer was lost is looked up by its transaction id (pg_xact_status, PostgreSQL 10 and
 * newer), so that nothing is written twice. `work` may be called again, and must write through its client only. Rejects
 * with what is no outage, and with the signal's reason.
 */
export async function inTransactionOnce<T>(
  database: Database,
  work: (client: pg.PoolClient) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  for (let waitMs = firstRetryMs; ; waitMs = Math.min(longestRetryMs, waitMs * 2)) {
    signal.throwIfAborted();
    let worked: { xid: string; result: T } | undefined;
    try {
      return await inTransaction(database, async (client) => {
        const { rows } = await client.query<{ xid: string }>("select pg_current_xact_id()::text as xid");
        const result = await work(client);
        worked = { xid: rows[0]?.xid ?? "", result };
        return result;
      });
    } catch (error) {
      if (!isOutage(error)) throw error;
      if (worked !== undefined && (await wasCommitted(database, worked.xid, signal))) return worked.result;
      await retryPause(waitMs, signal);
    }
  }
}

/** Asks until the server says what became of a transaction. */
async function wasCommitted(database: Database, xid: string, signal: AbortSignal): Promise<boolean> {
  for (let waitMs = firstRetryMs; ; waitMs = Math.min(longestRetryMs, waitMs * 2)) {
    signal.throwIfAborted();
    try {
      const { rows } = await database.query<{ status: string | null }>("select pg_xact_status($1::xid8) as status", [
        xid,
      ]);
      const status = rows[0]?.status;
      if (status !== "in progress") return status === "committed";
    } catch (error) {
      if (!isOutage(error)) throw error;
    }
    await retryPause(waitMs, signal);
  }
}

async function retryPause(waitMs: number, signal: AbortSignal): Promise<void> {
  await sleep(waitMs, undefined, { signal }).catch(() => undefined);
  signal.throwIfAborted();
}
