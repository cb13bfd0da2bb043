import type { QueryResultRow } from "pg";

type Ask = <T extends QueryResultRow>(text: string) => Promise<T[]>;

const mark = "installed by aftershock";

/** Installs amcheck where it is missing, marked as ours so that whoever cleans up knows that it may be dropped. */
export async function ensureAmcheck(ask: Ask): Promise<void> {
  const there = await ask("select 1 from pg_extension where extname = 'amcheck'");
  if (there.length > 0) return;
  await ask("create extension if not exists amcheck");
  await ask(`comment on extension amcheck is '${mark}'`);
}

/** Drops amcheck if an earlier `ensureAmcheck` installed it. */
export async function dropAmcheck(ask: Ask): Promise<void> {
  const ours = await ask(
    `select 1 from pg_extension where extname = 'amcheck' and obj_description(oid, 'pg_extension') = '${mark}'`,
  );
  if (ours.length > 0) await ask("drop extension amcheck");
}
