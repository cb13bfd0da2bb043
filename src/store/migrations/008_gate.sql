-- Up Migration

-- When the next call of a kind may be made, by all bots together: what Slack limits per method or per channel
-- (src/slack/rates.ts). A scope is `edit`, `files`, or `post:CHANNEL`; paused are `edit:CHANNEL` and the like.
create table slack_pace (
  scope text primary key,
  -- The calls made so far are paid for, at the steady rate, until this moment (generic cell rate algorithm).
  paid_until timestamptz not null default '-infinity',
  -- Slack asked to wait until then.
  paused_until timestamptz not null default '-infinity'
);

-- Counts the claims of a row: a sender that was thought dead and comes back changes nothing.
alter table slack_outbox add column claim integer not null default 0;

-- What is still to be told. Rows stay for good, so that those few must be found without the others: the condition as a
-- column of its own lets PostgreSQL know how few they are.
alter table slack_outbox add column outstanding boolean not null
  generated always as (state <> 'failed' and (state <> 'sent' or version > sent_version)) stored;
drop index slack_outbox_due;
create index slack_outbox_outstanding on slack_outbox (run_id, position) where outstanding;

-- Down Migration

drop index slack_outbox_outstanding;
create index slack_outbox_due on slack_outbox (next_at) where state <> 'failed' and (state <> 'sent' or version > sent_version);
alter table slack_outbox drop column outstanding;
alter table slack_outbox drop column claim;
drop table slack_pace;
