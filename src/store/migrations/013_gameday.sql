-- Up Migration

create sequence game_day_numbers;

-- A session of people in one channel (src/gameday/). What happens in it is in its events; here is what the database
-- itself must keep true.
create table game_days (
  id text primary key default 'gameday-' || nextval('game_day_numbers'),
  team_id text not null,
  channel_id text not null,
  created_at timestamptz not null default clock_timestamp(),
  -- As the events tell it: a run is asked for only while it is open.
  phase text not null default 'planned' check (phase in ('planned', 'open', 'paused', 'halted', 'ended')),
  -- Rises by one with every event. Whoever appends says which number they have seen last, so that of two only one
  -- appends.
  last_seq integer not null default 0
);

-- One at a time in a channel, whatever any process believes.
create unique index one_open_game_day_per_channel on game_days (channel_id) where phase <> 'ended';

create table game_day_events (
  game_day_id text not null references game_days (id),
  seq integer not null,
  at timestamptz not null default clock_timestamp(),
  -- Of what `data` holds (src/gameday/events.ts).
  version integer not null,
  type text not null,
  data jsonb not null,
  unique (game_day_id, seq)
);

create trigger game_day_events_append_only before update or delete or truncate on game_day_events
  for each statement execute function refuse_change();

create function notify_game_day_event() returns trigger language plpgsql as $$
begin
  perform pg_notify('run_events', new.game_day_id);
  return null;
end;
$$;

create trigger game_day_events_notify after insert on game_day_events
  for each row execute function notify_game_day_event();

-- Which run belongs to which game day, and to which item of its agenda. Written in the transaction that asks for the
-- run, so that an item that was decided once never has two.
create table game_day_runs (
  run_id text primary key references runs (id),
  game_day_id text not null references game_days (id),
  -- Null: it was asked for otherwise, and is an item of its own.
  item integer,
  at timestamptz not null default clock_timestamp(),
  unique (game_day_id, item)
);

create table game_day_narration_cursors (
  game_day_id text primary key references game_days (id),
  seq integer not null default 0
);

-- Down Migration

delete from slack_outbox where run_id like 'gameday-%';
drop table game_day_narration_cursors, game_day_runs, game_day_events, game_days;
drop function notify_game_day_event;
drop sequence game_day_numbers;
