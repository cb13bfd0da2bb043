-- Up Migration

-- Charts of histories and comparisons that somebody wants a channel to see. What is in one is read from the runs when it is
-- drawn (src/slack/pictures.ts); `of` says which.
create sequence picture_numbers;
create table pictures (
  id text primary key default 'picture-' || nextval('picture_numbers'),
  of jsonb not null,
  asked_by text not null,
  team_id text not null,
  channel_id text not null,
  at timestamptz not null default clock_timestamp()
);

-- Which were drawn and handed to the outbox, once each; without bytes where drawing failed, which the message says.
create table drawn_pictures (
  picture_id text primary key references pictures (id),
  bytes bytea,
  drawn_at timestamptz not null default clock_timestamp()
);

-- Down Migration

delete from slack_outbox where run_id like 'picture-%';
drop table drawn_pictures, pictures;
drop sequence picture_numbers;
