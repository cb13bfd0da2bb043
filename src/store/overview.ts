import type { RunRow } from "../run/service.ts";
import type { Queryable } from "./database.ts";
import { findRun } from "./runs.ts";

/** An id, and what one person has to do with it. */
export interface Asked {
  id: string;
  /** They asked for it. */
  own: boolean;
  /** They have approved what it is now. */
  given: boolean;
}

/** Whose eyes it is seen with, and from which channel; `limit`: the most of them. */
export interface Eyes {
  userId: string;
  channelId: string;
  limit: number;
}

const givenByMe = `exists (select 1 from (
  select distinct on (user_id) user_id, decision, plan_digest from run_decisions
   where run_id = r.id and user_id = $1 order by user_id, id desc) as last
  where last.decision = 'approved' and last.plan_digest = r.plan_digest)`;

/** Runs that wait for approval, whose time is not over: those of the channel first, then what expires first. */
export async function waitingRequests(client: Queryable, { userId, channelId, limit }: Eyes): Promise<Asked[]> {
  const { rows } = await client.query<Asked>(
    `select r.id, r.requested_by = $1 as own, ${givenByMe} as given from runs r
      where r.state = 'requested' and r.ended_at is null and r.expires_at > clock_timestamp()
      order by (r.channel_id = $2) desc, r.expires_at, r.created_at limit $3`,
    [userId, channelId, limit],
  );
  return rows;
}

/** The same of schedules. */
export async function waitingSchedules(client: Queryable, { userId, channelId, limit }: Eyes): Promise<Asked[]> {
  const { rows } = await client.query<Asked>(
    `select s.id, s.requested_by = $1 as own,
            exists (select 1 from schedule_decisions d where d.schedule_id = s.id and d.user_id = $1
                       and d.decision = 'approved' and d.shape_digest = s.shape_digest) as given
       from schedules s
      where s.state = 'requested' and s.request_expires_at > clock_timestamp()
      order by (s.channel_id = $2) desc, s.request_expires_at limit $3`,
    [userId, channelId, limit],
  );
  return rows;
}

/** Runs that were approved and have not ended: those of the channel first, then the newest. */
export async function runningRuns(client: Queryable, { channelId, limit }: Omit<Eyes, "userId">): Promise<RunRow[]> {
  return rowsOf(
    client,
    `select r.id from runs r where r.state <> 'requested' and r.ended_at is null
      order by (r.channel_id = $1) desc, r.created_at desc limit $2`,
    [channelId, limit],
  );
}

/** Runs with an approval of this person's that can still be taken back. */
export async function approvedBy(client: Queryable, { userId, channelId, limit }: Eyes): Promise<RunRow[]> {
  return rowsOf(
    client,
    `select r.id from runs r where r.state in ('requested', 'approved') and r.ended_at is null and ${givenByMe}
      order by (r.channel_id = $2) desc, r.created_at desc limit $3`,
    [userId, channelId, limit],
  );
}

/** The newest runs of a channel that were judged. */
export async function judgedRuns(client: Queryable, channelId: string, limit: number): Promise<RunRow[]> {
  return rowsOf(
    client,
    `select r.id from runs r where r.channel_id = $1
        and exists (select 1 from run_events e where e.run_id = r.id and e.type = 'judged')
      order by r.created_at desc limit $2`,
    [channelId, limit],
  );
}

/** How many wait and how many run, of the whole workspace. */
export async function countOpen(client: Queryable): Promise<{ waiting: number; running: number; at: string }> {
  const { rows } = await client.query<{ waiting: number; running: number; at: Date }>(
    `select clock_timestamp() as at,
            (select count(*) from runs where state = 'requested' and ended_at is null and expires_at > clock_timestamp())::int
              + (select count(*) from schedules where state = 'requested' and request_expires_at > clock_timestamp())::int
              as waiting,
            (select count(*) from runs where state <> 'requested' and ended_at is null)::int as running`,
  );
  const { waiting = 0, running = 0, at = new Date() } = rows[0] ?? {};
  return { waiting, running, at: at.toISOString() };
}

async function rowsOf(client: Queryable, sql: string, values: unknown[]): Promise<RunRow[]> {
  const { rows } = await client.query<{ id: string }>(sql, values);
  const found = await Promise.all(rows.map(({ id }) => findRun(client, id)));
  return found.filter((run) => run !== null);
}
