-- Up Migration

create sequence run_numbers;

create table runs (
  id text primary key default 'run-' || nextval('run_numbers'),
  experiment text not null,
  state text not null default 'requested',
  -- What exactly was asked for and is approved, by digest (src/run/plan.ts).
  plan jsonb not null,
  plan_digest text not null,
  cluster text not null,
  target_key text not null,
  requested_by text not null,
  team_id text not null,
  channel_id text not null,
  created_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null,
  ended_at timestamptz,
  -- How it will end, chosen when healing begins.
  outcome text,
  outcome_reason text,
  abort_requested_by text,
  abort_reason text,
  -- The owner of a started run: a lease with a fencing number that only rises. A worker whose number is not the
  -- row's number owns nothing.
  lease_owner text,
  lease_fence integer not null default 0,
  lease_until timestamptz,
  last_seq integer not null default 0
);

-- One active run per target, whatever any process believes (src/run/lifecycle.ts, occupyingStates).
create unique index one_active_run_per_target on runs (target_key)
  where state in ('approved', 'preflight', 'baseline', 'injecting', 'active', 'healing', 'verifying', 'judging');
create index runs_by_channel on runs (channel_id, created_at desc);
create index runs_open on runs (state) where ended_at is null;

create table run_events (
  run_id text not null references runs (id),
  -- Counts from 1 without gaps: taken from runs.last_seq under the row's lock.
  seq integer not null,
  at timestamptz not null default clock_timestamp(),
  type text not null,
  data jsonb not null,
  primary key (run_id, seq)
);

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only', tg_table_name using errcode = 'insufficient_privilege';
end;
$$;

create trigger run_events_append_only before update or delete or truncate on run_events
  for each statement execute function refuse_change();

create function notify_run_event() returns trigger language plpgsql as $$
begin
  perform pg_notify('run_events', new.run_id);
  return null;
end;
$$;

create trigger run_events_notify after insert on run_events for each row execute function notify_run_event();

create table run_decisions (
  run_id text not null references runs (id),
  user_id text not null,
  decision text not null check (decision in ('approved', 'denied')),
  reason text,
  plan_digest text not null,
  at timestamptz not null default clock_timestamp(),
  primary key (run_id, user_id)
);

-- Intent, stored before injection: enough to heal and to prove it without the process that injected.
create table run_faults (
  run_id text not null references runs (id),
  fault_id text not null,
  cluster text not null,
  kind text not null,
  namespace text not null,
  name text not null,
  manifest jsonb not null,
  -- Pod names, UIDs, container ids and IPs at injection: { subject: [...], target: [...] }.
  targets jsonb not null,
  state text not null default 'intended' check (state in ('intended', 'injected', 'removed', 'verified', 'unverified')),
  intended_at timestamptz not null default clock_timestamp(),
  injected_at timestamptz,
  removed_at timestamptz,
  primary key (run_id, fault_id)
);

create table run_artifacts (
  run_id text not null references runs (id),
  name text not null,
  content_type text not null,
  bytes bytea not null,
  primary key (run_id, name)
);

-- Down Migration

drop table run_artifacts, run_faults, run_decisions, run_events, runs;
drop function refuse_change, notify_run_event;
drop sequence run_numbers;
