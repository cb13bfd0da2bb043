import type { AuditProblem } from "../audit/verify.ts";
import { tables } from "./access.ts";
import type { Queryable } from "./database.ts";

/** Tables that are in the trail. */
const audited = Object.entries(tables).flatMap(([name, { audit }]) => (audit === undefined ? [] : [name]));

/**
 * Compares every audited table with the trail, both ways: a row that the trail does not know, an entry whose row is
 * gone, a row that differs from its last entry, and a trigger that is off. The caller's transaction must be in UTC and
 * should see one moment (`repeatable read`). Null: they agree.
 */
export async function compareWithTables(client: Queryable): Promise<AuditProblem | null> {
  const problems: AuditProblem[] = [];
  for (const name of audited) {
    const found = (await exists(client, name))
      ? ((await triggerProblem(client, name)) ?? (await rowProblem(client, name)))
      : await goneProblem(client, name);
    if (found !== null) problems.push(found);
  }
  // The earliest entry that is wrong; what shows at none comes after.
  const place = (problem: AuditProblem): number => problem.seq ?? Number.POSITIVE_INFINITY;
  return problems.toSorted((a, b) => (place(a) < place(b) ? -1 : 1))[0] ?? null;
}

async function exists(client: Queryable, name: string): Promise<boolean> {
  const { rows } = await client.query<{ there: boolean }>("select to_regclass($1) is not null as there", [name]);
  return rows[0]?.there === true;
}

/** A table that is not there: what the trail recorded of it is gone. None recorded: it may not have been made yet. */
async function goneProblem(client: Queryable, name: string): Promise<AuditProblem | null> {
  const { rows } = await client.query<{ seq: string | null }>(
    "select min(seq) as seq from audit_log where source = $1",
    [name],
  );
  const seq = rows[0]?.seq ?? null;
  return seq === null ? null : { seq: Number(seq), why: `the table ${name} that it recorded a row of is gone` };
}

async function triggerProblem(client: Queryable, name: string): Promise<AuditProblem | null> {
  const { rows } = await client.query<{ on: boolean }>(
    `select tgenabled in ('O', 'A') as on from pg_trigger
      where tgrelid = $1::regclass and tgname = 'audited' and tgfoid = 'audit_row'::regproc`,
    [name],
  );
  if (rows[0]?.on === true) return null;
  const state = rows[0] === undefined ? "has no audit trigger" : "has its audit trigger disabled";
  return { seq: null, why: `the table ${name} ${state}: what is written to it is not recorded` };
}

type Mismatch = "untold" | "gone" | "differs" | "back";

async function rowProblem(client: Queryable, name: string): Promise<AuditProblem | null> {
  const { rows: columns } = await client.query<{ name: string }>(
    `select a.attname as name from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any(i.indkey)
      where i.indrelid = $1::regclass and i.indisprimary order by a.attnum`,
    [name],
  );
  const key = (row: string): string =>
    `jsonb_build_array(${columns.map((column) => `${row}->'${column.name.replaceAll("'", "''")}'`).join(", ")})`;
  const { rows } = await client.query<{ seq: string | null; key: unknown[]; problem: Mismatch }>(
    `with told as (
       select distinct on (key) key, seq, op, entry from (
         select ${key("entry::jsonb")} as key, seq, op, entry::jsonb as entry from audit_log where source = $1) entries
        order by key, seq desc),
     there as (select ${key("row")} as key, row from (select to_jsonb(t) as row from "${name}" t) plain),
     compared as (
       select told.seq, key, case
         when told.seq is null then 'untold'
         when there.row is null then case when told.op <> 'delete' then 'gone' end
         when told.op = 'delete' then 'back'
         -- Columns that are newer than the entry, or left out of it, are not compared.
         when exists (select from jsonb_each(told.entry) was
                       where there.row ? was.key and there.row->was.key is distinct from was.value) then 'differs'
         end as problem
         from told full join there using (key))
     select seq, key, problem from compared where problem is not null order by seq nulls last, key limit 1`,
    [name],
  );
  const row = rows[0];
  if (row === undefined) return null;
  const which = `${name} (${row.key.map(String).join(", ")})`;
  return { seq: row.seq === null ? null : Number(row.seq), why: sentences[row.problem](which) };
}

const sentences: Readonly<Record<Mismatch, (row: string) => string>> = {
  untold: (row) => `the row ${row} is not in the trail: it was written past it, or its entries were cut off`,
  gone: (row) => `the row ${row} that it recorded is gone from the table`,
  differs: (row) =>
    `the row ${row} is no longer what it recorded: the table was rewritten, or the end of the trail was cut off`,
  back: (row) => `the row ${row} whose end it recorded is there again`,
};
