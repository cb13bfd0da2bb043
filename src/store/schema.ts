import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { runner } from "node-pg-migrate";
import pg from "pg";
import { AftershockError } from "../errors.ts";
import { migrationsTable } from "./access.ts";
import { settleAccess, type RolesOutcome } from "./settle.ts";

const directory = fileURLToPath(new URL("./migrations", import.meta.url));

/**
 * Brings the schema up to date, and the rights on it; safe when several processes start at once (they wait for each
 * other). Needs a user who may create in the schema.
 */
export async function migrate(url: string): Promise<RolesOutcome> {
  await runner({
    databaseUrl: url,
    dir: directory,
    direction: "up",
    migrationsTable,
    advisoryLockMode: "wait",
    log: () => undefined,
  });
  return withClient(url, settleAccess);
}

/**
 * What the service does with the schema at its start: a user who may not change it finds it current, any other brings
 * it up to date. Resolves to whether this user could rewrite what the service wrote. Throws AftershockError
 * `bad_config` when migrations are missing.
 */
export async function prepareSchema(url: string): Promise<{ mayRewrite: boolean }> {
  if (await withClient(url, mayMigrate)) await migrate(url);
  return withClient(url, async (client) => {
    const missing = await missingMigrations(client);
    if (missing.length > 0) throw schemaIsOld(missing);
    return { mayRewrite: await mayRewrite(client) };
  });
}

/** Whether the user may make tables, so that the service migrates at its start. */
export async function mayMigrate(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ may: boolean }>(
    "select has_schema_privilege(current_schema(), 'create') as may",
  );
  return rows[0]?.may === true;
}

/** Whether the user could rewrite the audit trail, which must be there. */
export async function mayRewrite(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ may: boolean }>(
    `select has_table_privilege('audit_log', 'update') or has_table_privilege('audit_log', 'truncate')
         or pg_has_role(relowner, 'member') as may from pg_class where oid = 'audit_log'::regclass`,
  );
  return rows[0]?.may !== false;
}

/** Migrations of this version that the database has not seen, in order. */
export async function missingMigrations(client: pg.Client): Promise<string[]> {
  const { rows: found } = await client.query<{ there: boolean }>("select to_regclass($1) is not null as there", [
    migrationsTable,
  ]);
  const { rows } =
    found[0]?.there === true
      ? await client.query<{ name: string }>(`select name from ${migrationsTable}`)
      : { rows: [] as Array<{ name: string }> };
  const seen = new Set(rows.map(({ name }) => name));
  return readdirSync(directory)
    .filter((file) => file.endsWith(".sql"))
    .map((file) => file.replace(/\.sql$/, ""))
    .filter((name) => !seen.has(name))
    .toSorted();
}

function schemaIsOld(missing: readonly string[]): AftershockError {
  return new AftershockError(
    "bad_config",
    `The database lacks ${missing.length === 1 ? "the migration" : `${missing.length} migrations, first`} ${missing[0] ?? ""}, and the service's user may not change the schema.`,
    "As a user who may: MIGRATION_DATABASE_URL=postgres://… npx aftershock migrate",
  );
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000 });
  client.on("error", () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}
