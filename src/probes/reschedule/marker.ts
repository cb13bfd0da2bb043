import type pg from "pg";

/** What is written before, to be found afterwards. */
export interface MarkerReading {
  rows: number;
  /** MD5 over all rows in order, computed by the server that was asked. */
  checksum: string;
  /** The database cluster's own identifier, made by initdb: a volume that was initialised anew has another. */
  systemIdentifier: string;
}

export const markerRows = 5000;

/** Name of the run's marker table; safe in SQL because run ids are letters, digits and dashes. */
export const markerTable = (runId: string): string => `aftershock_marker_${runId.replaceAll(/[^a-z0-9]/g, "_")}`;

/** Makes the table with rows that the checksum depends on. On the primary. */
export async function writeMarker(client: pg.Client, runId: string): Promise<void> {
  const table = markerTable(runId);
  await client.query(`drop table if exists ${table}`);
  await client.query(`create table ${table} (id int primary key, payload text not null)`);
  await client.query(
    `insert into ${table}
       select id, md5(id::text || $1::text) || repeat('x', 100) from generate_series(1, ${markerRows}) as id`,
    [runId],
  );
}

/** Reads it back from the member that is asked; rejects when it has no such table. */
export async function readMarker(client: pg.Client, runId: string): Promise<MarkerReading> {
  const { rows } = await client.query<{ rows: number; checksum: string; system: string }>(
    `select count(*)::int as rows, coalesce(md5(string_agg(id || payload, ',' order by id)), '') as checksum,
            (select system_identifier::text from pg_control_system()) as system
       from ${markerTable(runId)}`,
  );
  const [row] = rows;
  if (row === undefined) throw new Error("no answer");
  return { rows: row.rows, checksum: row.checksum, systemIdentifier: row.system };
}

export async function dropMarker(client: pg.Client, runId: string): Promise<void> {
  await client.query(`drop table if exists ${markerTable(runId)}`);
}
