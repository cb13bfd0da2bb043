-- Up Migration

-- How far there is to tell, beside how far it was told. Who looks for runs with something to tell reads those alone, and
-- not every run that there ever was. The condition as a column of its own lets PostgreSQL know how few they are.
alter table narration_cursors add column last_seq integer not null default 0;
insert into narration_cursors (run_id, last_seq) select id, last_seq from runs
  on conflict (run_id) do update set last_seq = excluded.last_seq;
alter table narration_cursors add column behind boolean not null generated always as (last_seq > seq) stored;
create index narration_behind on narration_cursors (run_id) where behind;

create function note_run_events() returns trigger language plpgsql as $$
begin
  insert into narration_cursors as c (run_id, last_seq) select run_id, max(seq) from added group by run_id
    on conflict (run_id) do update set last_seq = greatest(c.last_seq, excluded.last_seq);
  return null;
end;
$$;

create trigger run_events_note after insert on run_events referencing new table as added
  for each statement execute function note_run_events();

-- What a run is compared with when it ends: the last ones of an experiment on a cluster.
create index runs_by_experiment on runs (cluster, experiment, ended_at desc) where ended_at is not null;
create index runs_by_creation on runs (created_at desc);

-- Down Migration

drop index runs_by_creation, runs_by_experiment, narration_behind;
drop trigger run_events_note on run_events;
drop function note_run_events;
alter table narration_cursors drop column behind;
alter table narration_cursors drop column last_seq;
