import type { Queryable } from "./database.ts";

/** This database's own number (UUID), made with its schema. */
export async function installationOf(client: Queryable): Promise<string> {
  const { rows } = await client.query<{ id: string }>("select id from installation");
  if (rows[0] === undefined) throw new Error("the database has no number of its own");
  return rows[0].id;
}
