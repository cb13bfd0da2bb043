import pg from "pg";
import { tables, type TableAccess } from "./access.ts";

/** The group roles: who owns the tables, and what the service's login is a member of. Neither can log in. */
export const ownerRole = "aftershock_owner";
export const serviceRole = "aftershock_app";

/** Whether PostgreSQL keeps the service from rewriting what it wrote; if not, why. */
export type RolesOutcome = { separated: true } | { separated: false; why: string };

const insufficientPrivilege = "42501";

/**
 * Makes PostgreSQL agree with `tables`: what is append-only, what is audited, who owns it, what the service may do.
 * Idempotent. A database whose user may make no roles keeps its one user, and the answer says so.
 */
export async function settleAccess(client: pg.Client): Promise<RolesOutcome> {
  await client.query("begin");
  try {
    await client.query("select pg_advisory_xact_lock(7116170172)");
    const present = await presentTables(client);
    for (const [name, access] of present) await client.query(guardTable(name, access));
    const outcome = await separateRoles(client, present);
    await client.query("commit");
    return outcome;
  } catch (error) {
    await client.query("rollback").catch(() => undefined);
    throw error;
  }
}

type Present = ReadonlyArray<readonly [string, TableAccess]>;

/** Those of `tables` that exist; nothing else in the schema is touched. */
async function presentTables(client: pg.Client): Promise<Present> {
  const { rows } = await client.query<{ name: string }>(
    "select relname as name from pg_class where relnamespace = current_schema()::regnamespace and relkind = 'r'",
  );
  const names = new Set(rows.map(({ name }) => name));
  return Object.entries(tables).filter(([name]) => names.has(name));
}

/** Append-only and audit triggers of one table. */
function guardTable(name: string, { service, audit }: TableAccess): string {
  const statements: string[] = [];
  if (service === "append") {
    statements.push(`do $do$ begin
      if not exists (select from pg_trigger
                      where tgrelid = ${literal(name)}::regclass and tgfoid = 'refuse_change'::regproc) then
        create trigger append_only before update or delete or truncate on ${quote(name)}
          for each statement execute function refuse_change();
      end if;
    end $do$`);
  }
  if (audit !== undefined) {
    const omitted = (audit.omitted ?? []).map(literal).join(", ");
    statements.push(`select audit_attach(${literal(name)}, ${literal(audit.subject)}, array[${omitted}]::text[])`);
  }
  return statements.join(";\n");
}

/** In a savepoint: what the user may not do is undone as a whole. */
async function separateRoles(client: pg.Client, present: Present): Promise<RolesOutcome> {
  await client.query("savepoint roles");
  try {
    await client.query(makeRoles);
    await client.query(present.map(([name, access]) => grants(name, access)).join(";\n"));
    return { separated: true };
  } catch (error) {
    if (!(error instanceof pg.DatabaseError) || error.code !== insufficientPrivilege) throw error;
    await client.query("rollback to savepoint roles");
    return { separated: false, why: error.message };
  }
}

/**
 * Roles belong to the whole server: another database's migration may make them at this moment. The migrating user
 * becomes a member of the owner, so that its next migration may change the tables.
 */
const makeRoles = `
do $do$
declare
  name text;
  routine regprocedure;
begin
  foreach name in array array['${ownerRole}', '${serviceRole}'] loop
    if not exists (select from pg_roles where rolname = name) then
      begin
        execute format('create role %I nologin', name);
      exception when duplicate_object or unique_violation then null;
      end;
    end if;
  end loop;
  if not pg_has_role('${ownerRole}', 'member') then
    execute format('grant ${ownerRole} to %I', current_user);
  end if;
  execute format('revoke create on schema %I from public', current_schema());
  execute format('grant usage, create on schema %I to ${ownerRole}', current_schema());
  execute format('grant usage on schema %I to ${serviceRole}', current_schema());
  -- The trail's functions run as their owner, who must not be the migrating user, perhaps a superuser.
  for routine in select oid::regprocedure from pg_proc
                  where pronamespace = current_schema()::regnamespace
                    and proname in ('audit_row', 'audit_append', 'audit_attach', 'audit_time', 'refuse_change')
                    and pg_get_userbyid(proowner) <> '${ownerRole}' loop
    execute format('alter function %s owner to ${ownerRole}', routine);
  end loop;
end;
$do$`;

const privileges: Readonly<Record<TableAccess["service"], string>> = {
  read: "select",
  append: "select, insert",
  write: "select, insert",
  consume: "select, insert, delete",
};

/** Ownership and rights of one table. Ownership is only changed where it must be: that takes an exclusive lock. */
function grants(name: string, { service, frozen }: TableAccess): string {
  const table = quote(name);
  const columns = `select string_agg(quote_ident(attname), ', ') from pg_attribute
                    where attrelid = ${literal(name)}::regclass and attnum > 0 and not attisdropped
                      and attname <> all (array[${(frozen ?? []).map(literal).join(", ")}]::text[])`;
  const update = `execute 'grant update (' || (${columns}) || ') on ${table} to ${serviceRole}';`;
  return `do $do$
    declare
      sequence regclass;
      own boolean;
    begin
      if (select pg_get_userbyid(relowner) from pg_class where oid = ${literal(name)}::regclass) <> '${ownerRole}' then
        alter table ${table} owner to ${ownerRole};
      end if;
      revoke all on ${table} from public, ${serviceRole};
      grant ${privileges[service]} on ${table} to ${serviceRole};
      ${service === "write" ? update : ""}
      -- Sequences that its defaults take numbers from; one that is a column's own follows its table's owner.
      for sequence, own in select c.oid::regclass, exists (select from pg_depend o where o.objid = c.oid and o.deptype = 'a')
                        from pg_attrdef a join pg_depend d on d.classid = 'pg_attrdef'::regclass and d.objid = a.oid
                             join pg_class c on d.refclassid = 'pg_class'::regclass and c.oid = d.refobjid
                       where a.adrelid = ${literal(name)}::regclass and c.relkind = 'S' loop
        if not own then execute format('alter sequence %s owner to ${ownerRole}', sequence); end if;
        execute format('grant usage on sequence %s to ${serviceRole}', sequence);
      end loop;
    end $do$`;
}

/** The names are this program's own words; quoted all the same. */
function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
