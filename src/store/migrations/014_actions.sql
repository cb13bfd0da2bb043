-- Up Migration

create sequence action_numbers;

-- What somebody shall do about what a run found, and how it stands: the projection of its events (src/run/actions/).
create table actions (
  id text primary key default 'action-' || nextval('action_numbers'),
  -- What it came of; null for one that no run led to.
  run_id text references runs (id),
  -- The finding of that run that it answers, as it was: { id, title }.
  finding jsonb,
  title text not null,
  owner text not null,
  -- A day of the calendar, in no zone; null: no day was set.
  due_on date,
  team_id text not null,
  -- Where it is listed.
  channel_id text not null,
  created_by text not null,
  created_at timestamptz not null default clock_timestamp(),
  state text not null default 'open' check (state in ('open', 'done', 'dropped')),
  closed_by text,
  closed_at timestamptz,
  closed_why text,
  -- The due day of which its owner was reminded; another day is another reminder.
  reminded_for date,
  last_seq integer not null default 0,
  constraint closed_by_somebody check ((state = 'open') = (closed_at is null) and (closed_at is null) = (closed_by is null))
);

create index actions_open on actions (channel_id, due_on) where state = 'open';
create index actions_by_run on actions (run_id);

create table action_events (
  action_id text not null references actions (id),
  seq integer not null,
  at timestamptz not null default clock_timestamp(),
  type text not null,
  data jsonb not null,
  primary key (action_id, seq)
);

create trigger action_events_append_only before update or delete or truncate on action_events
  for each statement execute function refuse_change();

create function notify_action_event() returns trigger language plpgsql as $$
begin
  -- The channel that narrators listen to; they look for themselves what is new.
  perform pg_notify('run_events', new.action_id);
  return null;
end;
$$;

create trigger action_events_notify after insert on action_events for each row execute function notify_action_event();

-- How far each action has been told, as narration_cursors for runs.
create table action_narration_cursors (
  action_id text primary key references actions (id),
  seq integer not null default 0
);

-- Files of a game day, as run_artifacts for runs: `retrospective.json` and `retrospective.md`, made once when it has ended.
create table game_day_artifacts (
  game_day_id text not null references game_days (id),
  name text not null,
  content_type text not null,
  bytes bytea not null,
  sha256 text generated always as (encode(sha256(bytes), 'hex')) stored,
  primary key (game_day_id, name)
);

create trigger game_day_artifacts_append_only before update or delete or truncate on game_day_artifacts
  for each statement execute function refuse_change();

create function notify_game_day_artifact() returns trigger language plpgsql as $$
begin
  perform pg_notify('run_events', new.game_day_id);
  return null;
end;
$$;

create trigger game_day_artifacts_notify after insert on game_day_artifacts
  for each row execute function notify_game_day_artifact();

-- Down Migration

drop table game_day_artifacts;
drop function notify_game_day_artifact;
delete from slack_outbox where run_id like 'action-%' or key like 'action-%';
drop table action_narration_cursors, action_events, actions;
drop function notify_action_event;
drop sequence action_numbers;
