-- Up Migration

create sequence schedule_numbers;

-- What runs again and again. The row, not the queue, says when it is due: a job in Redis is only the wake-up call.
create table schedules (
  id text primary key default 'schedule-' || nextval('schedule_numbers'),
  experiment text not null,
  cluster text not null,
  -- As typed; resolved anew at every start, and compared with what was approved by `shape_digest`.
  parameters jsonb not null,
  profile text,
  pattern text not null,
  time_zone text not null,
  -- starts: by the schedule's approval. asks: posts a request that needs an approval of its own.
  kind text not null check (kind in ('starts', 'asks')),
  -- The plan when it was asked for, to be read by the approver, and the digest of it without its pods.
  plan jsonb not null,
  shape_digest text not null,
  team_id text not null,
  channel_id text not null,
  requested_by text not null,
  state text not null default 'requested'
    check (state in ('requested', 'active', 'ended', 'denied', 'expired', 'cancelled')),
  created_at timestamptz(3) not null,
  request_expires_at timestamptz(3) not null,
  valid_for_days integer not null check (valid_for_days > 0),
  runs_allowed integer not null check (runs_allowed > 0),
  approved_until timestamptz(3),
  runs_used integer not null default 0,
  next_due_at timestamptz(3),
  -- The due time that a worker is starting now. A worker whose number is not the row's number starts nothing.
  starting_at timestamptz(3),
  claim_fence integer not null default 0,
  claimed_at timestamptz(3),
  last_run_id text references runs (id),
  last_problem text,
  last_seq integer not null default 0,
  constraint runs_used_within_approval check (runs_used <= runs_allowed)
);

create index schedules_by_channel on schedules (channel_id) where state in ('requested', 'active');

create table schedule_events (
  schedule_id text not null references schedules (id),
  seq integer not null,
  at timestamptz not null default clock_timestamp(),
  type text not null,
  data jsonb not null,
  primary key (schedule_id, seq)
);

create trigger schedule_events_append_only before update or delete or truncate on schedule_events
  for each statement execute function refuse_change();

create function notify_schedule_event() returns trigger language plpgsql as $$
begin
  -- The channel that narrators listen to; they look for themselves what is new.
  perform pg_notify('run_events', new.schedule_id);
  return null;
end;
$$;

create trigger schedule_events_notify after insert on schedule_events
  for each row execute function notify_schedule_event();

create table schedule_decisions (
  schedule_id text not null references schedules (id),
  user_id text not null,
  decision text not null check (decision in ('approved', 'denied')),
  reason text,
  shape_digest text not null,
  at timestamptz not null default clock_timestamp(),
  primary key (schedule_id, user_id)
);

create trigger schedule_decisions_append_only before update or delete or truncate on schedule_decisions
  for each statement execute function refuse_change();

-- How far each schedule has been told, as narration_cursors for runs.
create table schedule_narration_cursors (
  schedule_id text primary key references schedules (id),
  seq integer not null default 0
);

-- The outbox takes what a message is about by its id: a run, or a schedule.
alter table slack_outbox drop constraint slack_outbox_run_id_fkey;
comment on column slack_outbox.run_id is 'what the message is about: a run, or a schedule';

-- Down Migration

delete from slack_outbox where run_id like 'schedule-%';
alter table slack_outbox add constraint slack_outbox_run_id_fkey foreign key (run_id) references runs (id);
drop table schedule_narration_cursors, schedule_decisions, schedule_events, schedules;
drop function notify_schedule_event;
drop sequence schedule_numbers;
