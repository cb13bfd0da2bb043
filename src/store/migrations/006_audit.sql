-- Up Migration

-- The audit trail: what was written to the tables that src/store/access.ts calls audited, one row each, append-only and
-- chained by hashes. docs/audit.md says how an outsider recomputes it.
create table audit_log (
  -- From 1 without gaps: taken under a lock that is held until the transaction's end.
  seq bigint primary key,
  at timestamptz not null,
  -- Who was logged in to the database; people are in the entry.
  db_role text not null,
  source text not null,
  -- existing: was there when its table began to be audited.
  op text not null check (op in ('existing', 'insert', 'update', 'delete')),
  -- What it is about: a run, a schedule.
  subject text not null check (subject !~ '[\n\r]'),
  -- The row as JSON text. Text, so that nothing reorders what the hash was taken of.
  entry text not null,
  prev_hash text not null,
  hash text not null
);

create index audit_log_by_subject on audit_log (subject, seq);
create index audit_log_by_hash on audit_log (hash);

create trigger audit_log_append_only before update or delete or truncate on audit_log
  for each statement execute function refuse_change();

-- A run's file is audited by its digest.
alter table run_artifacts add column sha256 text generated always as (encode(sha256(bytes), 'hex')) stored;

-- A moment as the trail writes it: UTC, microseconds, as 2026-11-25T01:02:03.456789Z.
create function audit_time(moment timestamptz) returns text language sql stable as $$
  select to_char(moment at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
$$;

create function audit_append(source text, op text, subject text, entry text) returns void language plpgsql as $$
declare
  last_seq bigint;
  last_hash text;
  moment timestamptz;
begin
  -- One at a time until the transaction ends, so that the sequence has no gap and the chain no fork.
  perform pg_advisory_xact_lock(7116170171);
  select seq, hash into last_seq, last_hash from audit_log order by seq desc limit 1;
  last_seq := coalesce(last_seq, 0);
  last_hash := coalesce(last_hash, repeat('0', 64));
  moment := clock_timestamp();
  insert into audit_log values (
    last_seq + 1, moment, session_user, source, op, subject, entry, last_hash,
    encode(sha256(convert_to(concat_ws(E'\n', last_hash, last_seq + 1, audit_time(moment), session_user, source, op,
                                       subject, entry), 'UTF8')), 'hex'));
end;
$$;

-- For each row of an audited table; arguments: the column that names the subject, then columns that are left out.
-- It runs as the owner of the trail, so that who writes the table needs no right on the trail.
create function audit_row() returns trigger language plpgsql security definer as $$
declare
  was jsonb;
  is_now jsonb;
begin
  if tg_op <> 'INSERT' then was := to_jsonb(old) - tg_argv[1:tg_nargs - 1]; end if;
  if tg_op <> 'DELETE' then is_now := to_jsonb(new) - tg_argv[1:tg_nargs - 1]; end if;
  if tg_op = 'UPDATE' and was = is_now then return null; end if;
  perform audit_append(tg_table_name, lower(tg_op), coalesce(is_now, was) ->> tg_argv[0], coalesce(is_now, was)::text);
  return null;
end;
$$;

-- Begins to audit a table, with what is in it already. Deferred: the trail's lock is then the last that a transaction
-- takes, so that nobody waits for another's rows while holding it.
create function audit_attach(audited regclass, subject text, omitted text[]) returns void language plpgsql as $$
declare
  watched text;
  definition text;
  earlier text;
begin
  select string_agg(quote_ident(attname), ', ' order by attnum) into watched from pg_attribute
   where attrelid = audited and attnum > 0 and not attisdropped and attname <> all (omitted);
  definition := format(
    'create constraint trigger audited after insert or update of %s or delete on %s deferrable initially deferred
       for each row execute function audit_row(%s)', watched, audited,
    (select string_agg(quote_literal(argument), ', ' order by place)
       from unnest(array[subject] || omitted) with ordinality as arguments (argument, place)));
  select obj_description(oid, 'pg_trigger') into earlier from pg_trigger where tgrelid = audited and tgname = 'audited';
  if earlier = definition then return; end if;
  if found then execute format('drop trigger audited on %s', audited); end if;
  execute definition;
  execute format('comment on trigger audited on %s is %L', audited, definition);
  if earlier is not null then return; end if;
  execute format(
    'select count(audit_append(%L, ''existing'', row ->> $1, (row - $2)::text))
       from (select to_jsonb(t) as row from %s t order by ctid) as there',
    (select relname from pg_class where oid = audited), audited) using subject, omitted;
end;
$$;

-- The same text for the same row, whatever a session has set; and no other schema's names.
do $do$
declare
  name text;
begin
  foreach name in array array['audit_row()', 'audit_append(text, text, text, text)', 'audit_attach(regclass, text, text[])']
  loop
    execute format('alter function %s set search_path = pg_catalog, %I, pg_temp', name, current_schema());
    execute format('alter function %s set timezone = ''UTC''', name);
    execute format('revoke all on function %s from public', name);
  end loop;
end;
$do$;

-- Down Migration

drop function audit_row cascade;
drop function audit_attach, audit_append, audit_time;
alter table run_artifacts drop column sha256;
drop table audit_log;
