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

-- Down Migration

alter table slack_outbox drop column claim;
drop table slack_pace;
