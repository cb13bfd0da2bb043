import type { QueryResultRow } from "pg";

type Ask = <T extends QueryResultRow>(text: string) => Promise<T[]>;

/** pg_stat_io came with PostgreSQL 16. */
const statIoFrom = 160_000;
const statIo = `
  select coalesce(sum(reads), 0)::float8 as "io-reads", coalesce(sum(writes), 0)::float8 as "io-writes",
    coalesce(sum(fsyncs), 0)::float8 as "io-fsyncs", sum(read_time)::float8 as "io-read-ms"
  from pg_stat_io`;
/** Columns of pg_stat_bgwriter that every supported version has. */
const bgwriter = `
  select buffers_clean::float8 as "buffers-clean", maxwritten_clean::float8 as "maxwritten-clean",
    buffers_alloc::float8 as "buffers-alloc" from pg_stat_bgwriter`;
const wal = `
  select wal_records::float8 as "wal-records", wal_bytes::float8 as "wal-bytes" from pg_stat_wal`;
const position = `select pg_current_wal_lsn()::text as "wal-lsn"`;

/** The server's own I/O counters and its WAL position; what this version does not have is null. */
export async function readStatistics(ask: Ask): Promise<Record<string, string | number | null>> {
  const [version] = await ask<{ version: number }>("select current_setting('server_version_num')::int as version");
  const io = (version?.version ?? 0) >= statIoFrom ? await ask(statIo) : [{ "io-reads": null, "io-writes": null }];
  const parts = [...io, ...(await ask(bgwriter)), ...(await ask(wal)), ...(await ask(position))];
  return Object.assign({}, ...parts) as Record<string, string | number | null>;
}
