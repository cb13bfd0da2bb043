-- Up Migration

-- A run whose cleanup was not proven. It is paged until somebody acknowledges it, looked at again until it is proven
-- clean, and keeps its target until both are so (src/run/alarms/alarm.ts). Every change is a compare-and-set here.
create table alarms (
  run_id text primary key references runs (id),
  cluster text not null,
  target_key text not null,
  -- resolved: proven clean, whether or not anybody has acknowledged it.
  state text not null default 'raised' check (state in ('raised', 'acknowledged', 'resolved')),
  -- What was not proven, in sentences.
  reasons jsonb not null,
  raised_at timestamptz not null default clock_timestamp(),
  acknowledged_by text,
  acknowledged_at timestamptz,
  resolved_at timestamptz,
  pages integer not null default 0,
  next_page_at timestamptz not null default clock_timestamp(),
  checks integer not null default 0,
  next_check_at timestamptz not null default clock_timestamp(),
  check_asked_by text,
  -- A worker heals again and proves until then; one that dies leaves it to another.
  claimed_until timestamptz,
  last_problem text,
  constraint acknowledged_by_somebody check ((acknowledged_by is null) = (acknowledged_at is null)),
  constraint resolved_at_some_time check ((state = 'resolved') = (resolved_at is not null)),
  constraint acknowledged_is_noted check (state <> 'acknowledged' or acknowledged_at is not null)
);

create index alarms_open on alarms (target_key) where state <> 'resolved' or acknowledged_at is null;

-- Restarts of target pods that a person asked for; a worker does them.
create table pod_restarts (
  id bigserial primary key,
  run_id text not null references runs (id),
  namespace text not null,
  pod text not null,
  asked_by text not null,
  asked_at timestamptz not null default clock_timestamp(),
  state text not null default 'asked' check (state in ('asked', 'doing', 'done', 'failed')),
  claimed_until timestamptz
);

create unique index one_restart_at_a_time on pod_restarts (run_id, pod) where state in ('asked', 'doing');

-- Down Migration

drop table pod_restarts, alarms;
