import type { Database } from "./pool.ts";

export interface Product {
  id: number;
  name: string;
  priceCents: number;
  /** Address of the server that answered. */
  server: string;
}

/** One write that a client asked for; what it did not say is null. */
export interface TestWrite {
  timestamp: string | null;
  run: string | null;
  client: string | null;
  seq: number | null;
}

/** The application's own tables, in a schema of its own. */
const preparation = `
create schema if not exists app;
create table if not exists app.products (id int primary key, name text not null, price_cents int not null);
insert into app.products values (1, 'Espresso machine', 24900), (2, 'Grinder', 9900), (3, 'Kettle', 4900)
  on conflict do nothing;
create table if not exists app.test_writes (
  id bigint generated always as identity primary key,
  run text, client text, seq int,
  sent_at timestamptz, stored_at timestamptz not null default clock_timestamp()
);
create index if not exists test_writes_by_run on app.test_writes (run, client, seq);
`;

/** Makes the tables and the products, if they are not there. Rejects with DatabaseError. */
export async function prepare(database: Database): Promise<void> {
  await database.query(preparation);
}

/** Null when there is no such product. Rejects with DatabaseError. */
export async function findProduct(database: Database, id: number): Promise<Product | null> {
  const [row] = await database.query<Product>(
    `select id, name, price_cents as "priceCents", host(inet_server_addr()) as server from app.products where id = $1`,
    [id],
  );
  return row ?? null;
}

/** Stores one write. Rejects with DatabaseError, which says whether it may have been stored all the same. */
export async function storeWrite(database: Database, write: TestWrite): Promise<{ id: number; server: string }> {
  const [row] = await database.query<{ id: number; server: string }>(
    `insert into app.test_writes (sent_at, run, client, seq) values ($1, $2, $3, $4)
     returning id::int, host(inet_server_addr()) as server`,
    [write.timestamp, write.run, write.client, write.seq],
  );
  if (row === undefined) throw new Error("an insert returned nothing");
  return row;
}

/** Whether the database answers and takes writes. Rejects with DatabaseError. */
export async function askDatabase(database: Database): Promise<{ server: string; writable: boolean }> {
  const [row] = await database.query<{ server: string; recovering: boolean }>(
    "select host(inet_server_addr()) as server, pg_is_in_recovery() as recovering",
  );
  return { server: row?.server ?? "unknown", writable: row?.recovering === false };
}
