-- Up Migration

-- Which run a message of Slack's belongs to: what is said in a thread is about that run.
create index slack_outbox_by_message on slack_outbox (channel_id, ts) where key = 'card';

-- Down Migration

drop index slack_outbox_by_message;
