-- Up Migration

-- How much is said of runs in a channel (src/run/channels). The newest row of a channel holds.
create table channel_settings (
  id bigserial primary key,
  channel_id text not null,
  verbosity text not null check (verbosity in ('quiet', 'normal', 'full')),
  changed_by text not null,
  changed_at timestamptz not null default clock_timestamp()
);

create index channel_settings_by_channel on channel_settings (channel_id, id desc);

-- Which run a message of Slack's belongs to: what is said in a thread is about that run.
create index slack_outbox_by_message on slack_outbox (channel_id, ts) where key = 'card';

-- Down Migration

drop index slack_outbox_by_message;
drop table channel_settings;
