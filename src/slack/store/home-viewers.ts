import type { Queryable } from "../../store/database.ts";
import type { Rate } from "../rates.ts";

/** A drawing that was begun: of which turn, and of which state of the workspace. */
export interface Drawing {
  userId: string;
  turn: number;
  state: string;
}

/** Somebody whose App Home is no longer true. */
export interface StaleViewer extends Drawing {
  teamId: string;
}

export interface FollowRules {
  /** Who opened it longer ago is not looking any more. */
  openForMs: number;
  /** Least time between two drawings for one person. */
  everyMs: number;
  /** A bot that died while drawing loses its turn after this. */
  claimMs: number;
  /** After so many refusals in a row it is left alone until it is opened again. */
  mostFailures: number;
  /** Of all drawings together. */
  rate: Rate;
}

const paceScope = "home";

/**
 * What the App Home shows, in a few letters: another text means that something is different for somebody. It is read before
 * the drawing, so that what happens meanwhile is seen the next time.
 */
const stateSql = `md5(concat_ws('|',
  (select string_agg(concat_ws(' ', r.id, r.state, r.abort_requested_by, r.expires_at > clock_timestamp()), ',' order by r.id)
     from runs r where r.ended_at is null),
  (select r.ended_at from runs r order by r.ended_at desc nulls last limit 1),
  (select max(d.id) from run_decisions d),
  (select string_agg(concat_ws(' ', s.id, s.state, s.last_seq, s.next_due_at), ',' order by s.id)
     from schedules s where s.state in ('requested', 'active')),
  (select string_agg(concat_ws(' ', h.id, h.last_seq, h.settled_at), ',') from halts h where h.resumed_at is null),
  (select string_agg(concat_ws(' ', c.halt_id, c.cluster, c.state), ',' order by c.halt_id, c.cluster)
     from halt_clusters c join halts h on h.id = c.halt_id where h.resumed_at is null),
  (select string_agg(concat_ws(' ', a.run_id, a.state, a.acknowledged_by, a.last_problem), ',' order by a.run_id)
     from alarms a where a.state <> 'resolved' or a.acknowledged_at is null),
  (select string_agg(concat_ws(' ', a.id, a.last_seq, clock_timestamp() >= (a.due_on + interval '36 hours') at time zone 'UTC'),
                     ',' order by a.id) from actions a where a.state = 'open')))`;

/** Begins a drawing for somebody who has just opened or clicked it: at once, and counted among all drawings. */
export async function beginDrawing(
  client: Queryable,
  viewer: { userId: string; teamId: string },
  rate: Rate,
): Promise<Drawing> {
  const { rows } = await client.query<{ turn: number; state: string }>(
    `with paid as (
       insert into slack_pace as p (scope, paid_until) values ('${paceScope}', clock_timestamp() + $3 * interval '1 millisecond')
       on conflict (scope) do update
         set paid_until = greatest(p.paid_until, clock_timestamp()) + $3 * interval '1 millisecond')
     insert into home_viewers as v (user_id, team_id) values ($1, $2)
     on conflict (user_id) do update set team_id = excluded.team_id, opened_at = clock_timestamp(), turn = v.turn + 1,
       failures = 0
     returning turn, ${stateSql} as state`,
    [viewer.userId, viewer.teamId, rate.everyMs],
  );
  const { turn = 0, state = "" } = rows[0] ?? {};
  return { userId: viewer.userId, turn, state };
}

/**
 * Notes what a drawing came to. One that another has begun beside, or that Slack did not take, leaves it open what is shown:
 * it is drawn again.
 */
export async function endDrawing(client: Queryable, drawing: Drawing, isShown: boolean): Promise<void> {
  await client.query(
    `update home_viewers set shown_state = case when $4 and turn = $2 then $3 end, shown_at = clock_timestamp(),
            failures = case when $4 then 0 else failures + 1 end,
            claimed_until = case when turn = $2 then null else claimed_until end
      where user_id = $1`,
    [drawing.userId, drawing.turn, drawing.state, isShown],
  );
}

/** True while somebody may be looking. */
export async function isLookedAt(client: Queryable, { openForMs, mostFailures }: FollowRules): Promise<boolean> {
  const { rowCount } = await client.query(
    `select 1 from home_viewers
      where opened_at > clock_timestamp() - $1 * interval '1 millisecond' and failures < $2 limit 1`,
    [openForMs, mostFailures],
  );
  return (rowCount ?? 0) > 0;
}

/**
 * Claims one whose App Home is no longer true, if what Slack takes allows one more drawing: who has waited longest. Several
 * bots claim different ones.
 */
export async function claimStale(client: Queryable, rules: FollowRules): Promise<StaleViewer | null> {
  const { openForMs, everyMs, claimMs, mostFailures, rate } = rules;
  const { rows } = await client.query<{ user_id: string; team_id: string; turn: number; state: string }>(
    `with now_is as materialized (select ${stateSql} as state),
     due as (
       select v.user_id, now_is.state from home_viewers v, now_is
        where v.opened_at > clock_timestamp() - $1 * interval '1 millisecond' and v.failures < $2
          and v.shown_state is distinct from now_is.state
          and (v.shown_at is null or v.shown_at < clock_timestamp() - $3 * interval '1 millisecond')
          and (v.claimed_until is null or v.claimed_until < clock_timestamp())
        order by v.shown_at nulls first limit 1 for update of v skip locked),
     paid as (
       insert into slack_pace as p (scope, paid_until)
       select '${paceScope}', clock_timestamp() + $5 * interval '1 millisecond' from due
       on conflict (scope) do update
         set paid_until = greatest(p.paid_until, clock_timestamp()) + $5 * interval '1 millisecond'
        where p.paid_until <= clock_timestamp() + $6 * interval '1 millisecond'
       returning 1)
     update home_viewers v set turn = v.turn + 1, claimed_until = clock_timestamp() + $4 * interval '1 millisecond'
       from due, paid where v.user_id = due.user_id
     returning v.user_id, v.team_id, v.turn, due.state`,
    [openForMs, mostFailures, everyMs, claimMs, rate.everyMs, (rate.burst - 1) * rate.everyMs],
  );
  const [row] = rows;
  return row === undefined ? null : { userId: row.user_id, teamId: row.team_id, turn: row.turn, state: row.state };
}
