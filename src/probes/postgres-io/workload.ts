/** What the exercise asks of PostgreSQL, before, during and after the fault. */

const rows = 5000;
/** 7 rows of 1,000 bytes fill a page of 8 kB. */
const rowsPerPage = 7;
const coldPages = 3000;
/**
 * CREATE TABLE AS writes through a ring of at most 16 MB (PostgreSQL sources, GetAccessStrategy, BAS_BULKWRITE), so that
 * the table's first pages are not in shared buffers when it is done. Of those, this many are asked for.
 */
const coldUsable = coldPages - 2048;
export const pagesPerColdRead = 8;

/** Tables of a run; the names are safe in SQL because run ids are letters, digits and dashes. */
export interface IoTables {
  /** The training module's chaos_perf_test. */
  perf: string;
  /** Pages that nobody has read; unlogged, so that it costs the replicas nothing. */
  cold: string;
}

export function tablesOf(runId: string): IoTables {
  const name = runId.replaceAll(/[^a-z0-9]/g, "_");
  return { perf: `aftershock_io_perf_${name}`, cold: `aftershock_io_cold_${name}` };
}

export function createTables({ perf, cold }: IoTables): string[] {
  return [
    `create table if not exists ${perf} (
       id serial primary key, payload text default repeat('x', 1024), created_at timestamp default now())`,
    `insert into ${perf} (payload) select repeat('x', 1024) from generate_series(1, ${rows})`,
    `create unlogged table if not exists ${cold} with (autovacuum_enabled = false) as
       select n, repeat('x', 1000) as payload from generate_series(1, ${rowsPerPage * coldPages}) n`,
  ];
}

export function dropTables({ perf, cold }: IoTables): string {
  return `drop table if exists ${perf}, ${cold}`;
}

export interface IoQuery {
  /** `cached-read`, `last-rows`, `write`, `cold-read`. */
  id: IoQueryId;
  text: string;
  values: unknown[];
  /** What is wrong with an answer; null: nothing. */
  problem(rows: ReadonlyArray<Readonly<Record<string, unknown>>>): string | null;
}

export type IoQueryId = "cached-read" | "last-rows" | "write" | "cold-read";

const nothing = (): null => null;

/** The module's three queries, and a read of pages that are not in shared buffers. `turn` makes each cold read a new one. */
export function ioQuery(id: IoQueryId, { perf, cold }: IoTables, turn: number): IoQuery {
  switch (id) {
    case "cached-read":
      return { id, text: `select count(*) from ${perf} where id between 100 and 4900`, values: [], problem: nothing };
    case "last-rows":
      return { id, text: `select * from ${perf} order by id desc limit 10`, values: [], problem: nothing };
    case "write":
      return { id, text: `insert into ${perf} (payload) values (repeat('x', 1024))`, values: [], problem: nothing };
    case "cold-read": {
      const first = (turn * pagesPerColdRead) % coldUsable;
      const pages = Array.from({ length: pagesPerColdRead }, (_unused, page) => `(${first + page},1)`);
      return {
        id,
        text: `select count(payload)::int as rows from ${cold} where ctid = any($1::tid[])`,
        values: [pages],
        // A crash and a failover empty an unlogged table.
        problem: ([row]) => (row?.["rows"] === pagesPerColdRead ? null : "emptied"),
      };
    }
  }
}
