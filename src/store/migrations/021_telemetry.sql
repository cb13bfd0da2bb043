-- Up Migration

-- How far each run has been shown outside of Slack (src/telemetry): its row's lock lets one process at a time work on a run.
create table telemetry_cursors (
  run_id text primary key references runs (id),
  seq integer not null default 0
);

-- What is to be sent there: one row per annotation of Grafana, and one per trace. An annotation that is changed keeps its
-- row: `version` is what it should say, `sent_version` what Grafana was last told.
create table telemetry_outbox (
  id bigserial primary key,
  run_id text not null references runs (id),
  sink text not null check (sink in ('grafana', 'traces')),
  key text not null,
  payload jsonb not null,
  version integer not null default 1,
  sent_version integer not null default 0,
  -- pending; sending: it is under way; sent; unknown: its answer was lost, and nothing is sent twice; failed: given up.
  state text not null default 'pending' check (state in ('pending', 'sending', 'sent', 'unknown', 'failed')),
  -- Grafana's id of the annotation.
  remote_id bigint,
  attempts integer not null default 0,
  wanted_at timestamptz not null default clock_timestamp(),
  next_at timestamptz not null default clock_timestamp(),
  claimed_at timestamptz,
  error text,
  outstanding boolean not null
    generated always as (state in ('pending', 'sending') or (state = 'sent' and version > sent_version)) stored,
  unique (run_id, sink, key)
);

create index telemetry_outbox_outstanding on telemetry_outbox (next_at) where outstanding;

-- Down Migration

drop table telemetry_outbox, telemetry_cursors;
