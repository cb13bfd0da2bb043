import { randomBytes } from "node:crypto";
import pg from "pg";
import { migrate } from "../store/schema.ts";
import { serviceRole } from "../store/settle.ts";
import { startPostgres, type EmbeddedPostgres } from "./postgres.ts";

/** `url` is its superuser's; `serviceUrl` that of bot and worker, who may not rewrite what they wrote. */
export interface EmbeddedDatabase extends EmbeddedPostgres {
  serviceUrl: string;
}

/** A PostgreSQL of the bot's own, migrated, with a user for bot and worker, as an installation should have it. */
export async function startDatabase(directory: string): Promise<EmbeddedDatabase> {
  const postgres = await startPostgres(directory);
  try {
    await migrate(postgres.url);
    return { ...postgres, serviceUrl: await makeServiceUser(postgres.url) };
  } catch (error) {
    await postgres.stop();
    throw error;
  }
}

/** Makes a login in the service's group; resolves to its address. */
export async function makeServiceUser(url: string): Promise<string> {
  const user = "aftershock_service";
  const password = randomBytes(18).toString("base64url");
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(`create role ${user} login password '${password}' in role ${serviceRole}`);
  } finally {
    await client.end();
  }
  const own = new URL(url);
  own.username = user;
  own.password = password;
  return own.href;
}
