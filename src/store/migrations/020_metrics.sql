-- Up Migration

-- The verdicts of each run that was judged, apart from its report, so that they can be counted without reading reports.
create table run_verdicts (
  run_id text primary key references runs (id),
  hypothesis text not null,
  cleanup text not null
);

insert into run_verdicts
  select distinct on (run_id) run_id, coalesce(data #>> '{report,verdicts,hypothesis}', 'none'),
         coalesce(data #>> '{report,verdicts,cleanup}', 'none')
    from run_events where type = 'judged' order by run_id, seq;

create function note_verdicts() returns trigger language plpgsql as $$
begin
  insert into run_verdicts values (
    new.run_id, coalesce(new.data #>> '{report,verdicts,hypothesis}', 'none'),
    coalesce(new.data #>> '{report,verdicts,cleanup}', 'none')
  ) on conflict do nothing;
  return null;
end;
$$;

create trigger run_events_verdicts after insert on run_events for each row when (new.type = 'judged')
  execute function note_verdicts();

-- Since when the row says what Slack was not told: of what is outstanding.
alter table slack_outbox add column wanted_at timestamptz not null default clock_timestamp();

-- Down Migration

alter table slack_outbox drop column wanted_at;
drop trigger run_events_verdicts on run_events;
drop function note_verdicts;
drop table run_verdicts;
