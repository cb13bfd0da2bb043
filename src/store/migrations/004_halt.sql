-- Up Migration

create sequence halt_numbers;

-- The latch that stops everything: while a row here has no `resumed_at`, nothing starts (src/run/halt/gate.ts).
create table halts (
  id text primary key default 'halt-' || nextval('halt_numbers'),
  -- The same number in the clusters' ConfigMaps, where there may be halts of more than one database.
  latch uuid not null unique,
  -- A Slack user id, or who it was at a command line.
  halted_by text not null,
  reason text,
  -- Where it was typed; null when it came from a cluster.
  channel_id text,
  -- The cluster whose ConfigMap it was read from; null when it was typed in Slack.
  from_cluster text,
  halted_at timestamptz not null default clock_timestamp(),
  -- When it was seen that every run it stopped is healed.
  settled_at timestamptz,
  resumed_by text,
  resume_reason text,
  resumed_at timestamptz,
  last_seq integer not null default 0
);

-- One at a time, whatever any process believes.
create unique index one_open_halt on halts ((true)) where resumed_at is null;

create table halt_events (
  halt_id text not null references halts (id),
  seq integer not null,
  at timestamptz not null default clock_timestamp(),
  type text not null,
  data jsonb not null,
  primary key (halt_id, seq)
);

create trigger halt_events_append_only before update or delete or truncate on halt_events
  for each statement execute function refuse_change();

create function notify_halt_event() returns trigger language plpgsql as $$
begin
  -- To owners of runs, which stop, and to narrators; both look for themselves what is new.
  perform pg_notify('halts', new.halt_id);
  perform pg_notify('run_events', new.halt_id);
  return null;
end;
$$;

create trigger halt_events_notify after insert on halt_events for each row execute function notify_halt_event();

-- How each cluster's ConfigMap stands to the halt, as it was last seen.
create table halt_clusters (
  halt_id text not null references halts (id),
  cluster text not null,
  state text not null check (state in ('latched', 'lifted', 'unreachable')),
  problem text,
  at timestamptz not null default clock_timestamp(),
  primary key (halt_id, cluster)
);

create table halt_narration_cursors (
  halt_id text primary key references halts (id),
  seq integer not null default 0
);

-- What belongs to no run and yet must be said: in the trail, and in the channel for operators where there is one.
create table notices (
  id bigint generated always as identity primary key,
  at timestamptz not null default clock_timestamp(),
  kind text not null,
  data jsonb not null
);

create trigger notices_append_only before update or delete or truncate on notices
  for each statement execute function refuse_change();

create function notify_notice() returns trigger language plpgsql as $$
begin
  perform pg_notify('run_events', 'notice-' || new.id);
  return null;
end;
$$;

create trigger notices_notify after insert on notices for each row execute function notify_notice();

-- Notices that were handed to the outbox, or that nobody wanted to read.
create table notices_told (
  notice_id bigint primary key references notices (id)
);

-- This database's own number, on every object that its runs create: another database's run-12 is another run.
create table installation (
  one boolean primary key default true check (one),
  id uuid not null default gen_random_uuid()
);
insert into installation default values;

-- Down Migration

delete from slack_outbox where run_id like 'halt-%' or run_id like 'notice-%';
drop table installation, notices_told, notices, halt_narration_cursors, halt_clusters, halt_events, halts;
drop function notify_notice, notify_halt_event;
drop sequence halt_numbers;
