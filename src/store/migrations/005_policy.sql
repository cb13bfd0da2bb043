-- Up Migration

-- Decisions become a log: an approval can be taken back before the run starts, and given again. What counts is each
-- person's last word about the plan as it is.
alter table run_decisions drop constraint run_decisions_pkey;
alter table run_decisions drop constraint run_decisions_decision_check;
alter table run_decisions add column id bigint generated always as identity primary key;
alter table run_decisions add constraint run_decisions_decision_check
  check (decision in ('approved', 'denied', 'revoked'));
create index run_decisions_by_run on run_decisions (run_id, user_id, id);

create trigger run_decisions_append_only before update or delete or truncate on run_decisions
  for each statement execute function refuse_change();

-- What hits a primary on a cluster now is looked for whenever something is approved or injected there.
create index runs_open_by_cluster on runs (cluster) where ended_at is null;

-- Down Migration

drop index runs_open_by_cluster;
drop trigger run_decisions_append_only on run_decisions;
drop index run_decisions_by_run;
delete from run_decisions older using run_decisions newer
  where older.run_id = newer.run_id and older.user_id = newer.user_id and older.id < newer.id;
delete from run_decisions where decision = 'revoked';
alter table run_decisions drop constraint run_decisions_decision_check;
alter table run_decisions drop column id;
alter table run_decisions add constraint run_decisions_decision_check check (decision in ('approved', 'denied'));
alter table run_decisions add primary key (run_id, user_id);
