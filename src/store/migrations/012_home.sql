-- Up Migration

-- Who has opened the App Home, and what it was drawn from last, so that it follows while they look
-- (src/slack/store/home-viewers.ts). Not what it said: that is drawn anew each time.
create table home_viewers (
  user_id text primary key,
  team_id text not null,
  opened_at timestamptz not null default clock_timestamp(),
  -- Counts the drawings that were begun: the one that ends another's turn may have overtaken it, and is done again.
  turn integer not null default 1,
  -- State of the workspace that the last drawing shows; null: not known.
  shown_state text,
  shown_at timestamptz,
  failures integer not null default 0,
  claimed_until timestamptz
);

-- What ended last, without a look at all runs.
create index runs_by_end on runs (ended_at desc nulls last);

-- Down Migration

drop index runs_by_end;
drop table home_viewers;
