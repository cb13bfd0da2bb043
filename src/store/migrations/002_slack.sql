-- Up Migration

-- Deliveries from Slack that were handled, so that a repeated envelope or a double click acts once.
create table slack_deliveries (
  key text primary key,
  at timestamptz not null default clock_timestamp()
);

create index slack_deliveries_by_age on slack_deliveries (at);

-- How far each run has been told. The row's lock lets one narrator at a time work on a run.
create table narration_cursors (
  run_id text primary key references runs (id),
  seq integer not null default 0
);

-- One row per Slack message of a run. A message that is edited keeps its row: `version` is what it should say,
-- `sent_version` what Slack was last told; newest wins, and the last version is always delivered.
create table slack_outbox (
  id bigserial primary key,
  run_id text not null references runs (id),
  key text not null,
  channel_id text not null,
  -- Order of first posting within the run.
  position integer not null,
  in_thread boolean not null,
  payload jsonb not null,
  version integer not null default 1,
  sent_version integer not null default 0,
  -- pending: to be posted; sending: a post is under way; unknown: its answer was lost; sent; failed: given up.
  state text not null default 'pending' check (state in ('pending', 'sending', 'unknown', 'sent', 'failed')),
  ts text,
  -- Texts that a first posting was tried with: what to look for after a lost answer, where metadata is not kept.
  tried text[] not null default '{}',
  attempts integer not null default 0,
  next_at timestamptz not null default clock_timestamp(),
  claimed_at timestamptz,
  error text,
  unique (run_id, key)
);

create index slack_outbox_due on slack_outbox (next_at) where state <> 'failed' and (state <> 'sent' or version > sent_version);

-- Down Migration

drop table slack_outbox, narration_cursors, slack_deliveries;
