import { requireWholeNumber } from "../figure.ts";
import type { PatroniPods } from "../patroni/members.ts";
import { withDatabase } from "./primary.ts";

/** Databases of a run; the names are safe in SQL because run ids are letters, digits and dashes. */
const suffix = (runId: string): string => runId.replaceAll(/[^a-z0-9]/g, "_");
/** On the primary: the known data that is backed up and then lost. Nothing else of the primary's is ever changed. */
export const sourceDatabase = (runId: string): string => `aftershock_backup_${suffix(runId)}`;
/** On the server that is restored into. */
export const restoredDatabase = (runId: string): string => `aftershock_restore_${suffix(runId)}`;

/** So many rows are inserted at once: replicas keep up, and a Stop is noticed between two batches. */
const batchRows = 5000;
const timeoutMs = 120_000;

export const countQuery = "select count(*) from records";
/**
 * One sum over the content of every row, in the order of `id`. Each column is turned into text by itself, so that a
 * server with another DateStyle or column order gives the same.
 */
export const checksumQuery = `select md5(string_agg(md5(id || '|' || data || '|' || payload || '|' ||
  extract(epoch from created_at)::text), '' order by id)) from records`;
const sizeQuery = "select pg_total_relation_size('records')";

export interface Content {
  rows: number;
  /** Null of no rows. */
  checksum: string | null;
}

export interface Dataset extends Content {
  /** Of the table with its index and TOAST, on disk. */
  bytes: number;
}

/**
 * The module's table of the training module with 1 KiB of text a row: hexadecimal digits of hashes, which compress about
 * two to one, as business data does; blanks would compress away and make every rate look good.
 */
export async function createDataset(
  members: PatroniPods,
  primary: string,
  options: { runId: string; rows: number; signal: AbortSignal },
): Promise<Dataset> {
  const database = sourceDatabase(options.runId);
  const at = { pod: primary, timeoutMs };
  await withDatabase(members, { ...at, database: members.database }, (client) =>
    client.query(`create database ${database} template template0`),
  );
  return withDatabase(members, { ...at, database }, async (client) => {
    await client.query(`create table records (
      id serial primary key, data text not null, payload text not null, created_at timestamp not null default now())`);
    for (let done = 0; done < options.rows; done += batchRows) {
      options.signal.throwIfAborted();
      await client.query(
        `insert into records (data, payload)
         select 'record-' || n, (select string_agg(md5(n || ':' || k), '') from generate_series(1, 32) k)
         from generate_series($1::int, $2::int) n`,
        [done + 1, Math.min(options.rows, done + batchRows)],
      );
    }
    const one = async (text: string): Promise<string | null> => {
      const { rows } = await client.query<Record<string, unknown>>({ text });
      const value = Object.values(rows[0] ?? {})[0];
      return value === null || value === undefined ? null : String(value);
    };
    return {
      rows: requireWholeNumber(await one(countQuery), "the number of rows"),
      checksum: await one(checksumQuery),
      bytes: requireWholeNumber(await one(sizeQuery), "the size of the table"),
    };
  });
}

/** Every third row is lost, as in the training module. Returns how many, and what is left. */
export function loseThirdRows(
  members: PatroniPods,
  primary: string,
  runId: string,
): Promise<{ deleted: number; left: number }> {
  return withDatabase(members, { pod: primary, database: sourceDatabase(runId), timeoutMs }, async (client) => {
    const { rowCount } = await client.query("delete from records where id % 3 = 0");
    return { deleted: rowCount ?? 0, left: await count(client) };
  });
}

/** Rows of the run's table on the primary now. */
export function rowsOnPrimary(members: PatroniPods, primary: string, runId: string): Promise<number> {
  return withDatabase(members, { pod: primary, database: sourceDatabase(runId), timeoutMs }, count);
}

async function count(client: {
  query(text: string): Promise<{ rows: Array<Record<string, unknown>> }>;
}): Promise<number> {
  const { rows } = await client.query(countQuery);
  return requireWholeNumber(rows[0]?.["count"], "the number of rows");
}

/** Removes the run's database from the primary. Idempotent. */
export async function dropDataset(members: PatroniPods, primary: string, runId: string): Promise<void> {
  const where = { pod: primary, database: members.database, timeoutMs };
  // FORCE (PostgreSQL 13) ends what a killed worker's dump may still hold open.
  await withDatabase(members, where, (client) =>
    client.query(`drop database if exists ${sourceDatabase(runId)} with (force)`),
  );
}

/** Databases of this run that the primary still has, by name. */
export function leftDatabases(members: PatroniPods, primary: string, runId: string): Promise<string[]> {
  const where = { pod: primary, database: members.database, timeoutMs };
  return withDatabase(members, where, async (client) => {
    const names = [sourceDatabase(runId), restoredDatabase(runId)];
    const { rows } = await client.query<{ datname: string }>(
      "select datname from pg_database where datname = any($1) order by 1",
      [names],
    );
    return rows.map(({ datname }) => datname);
  });
}
