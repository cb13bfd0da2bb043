import type { Schedule, ScheduleKind, ScheduleState } from "../run/schedules/schedule.ts";
import type { Plan } from "../run/plan.ts";
import type { Queryable } from "./database.ts";

export type NewSchedule = Pick<
  Schedule,
  | "experiment"
  | "cluster"
  | "parameters"
  | "profile"
  | "pattern"
  | "timeZone"
  | "kind"
  | "plan"
  | "shapeDigest"
  | "teamId"
  | "channelId"
  | "requestedBy"
  | "validForDays"
  | "runsAllowed"
> & { createdAt: Date; requestExpiresAt: Date };

const columns = `s.*, coalesce((select array_agg(d.user_id order by d.at) from schedule_decisions d
  where d.schedule_id = s.id and d.decision = 'approved' and d.shape_digest = s.shape_digest), '{}') as approved_by`;

interface Row {
  id: string;
  experiment: string;
  cluster: string;
  parameters: Record<string, string>;
  profile: string | null;
  pattern: string;
  time_zone: string;
  kind: ScheduleKind;
  plan: Plan;
  shape_digest: string;
  team_id: string;
  channel_id: string;
  requested_by: string;
  approved_by: string[];
  state: ScheduleState;
  request_expires_at: Date;
  valid_for_days: number;
  runs_allowed: number;
  approved_until: Date | null;
  runs_used: number;
  next_due_at: Date | null;
  starting_at: Date | null;
  claim_fence: number;
  claimed_at: Date | null;
  last_run_id: string | null;
  last_problem: string | null;
}

function fromRow(row: Row): Schedule {
  return {
    id: row.id,
    experiment: row.experiment,
    cluster: row.cluster,
    parameters: row.parameters,
    profile: row.profile,
    pattern: row.pattern,
    timeZone: row.time_zone,
    kind: row.kind,
    plan: row.plan,
    shapeDigest: row.shape_digest,
    teamId: row.team_id,
    channelId: row.channel_id,
    requestedBy: row.requested_by,
    approvedBy: row.approved_by,
    state: row.state,
    requestExpiresAt: row.request_expires_at.toISOString(),
    validForDays: row.valid_for_days,
    runsAllowed: row.runs_allowed,
    approvedUntil: row.approved_until?.toISOString() ?? null,
    runsUsed: row.runs_used,
    nextDueAt: row.next_due_at?.toISOString() ?? null,
    startingAt: row.starting_at?.toISOString() ?? null,
    claimFence: row.claim_fence,
    claimedAt: row.claimed_at?.toISOString() ?? null,
    lastRunId: row.last_run_id,
    lastProblem: row.last_problem,
  };
}

/** Returns the new schedule's id. */
export async function insertSchedule(client: Queryable, schedule: NewSchedule): Promise<string> {
  const { rows } = await client.query<{ id: string }>(
    `insert into schedules (experiment, cluster, parameters, profile, pattern, time_zone, kind, plan, shape_digest,
       team_id, channel_id, requested_by, valid_for_days, runs_allowed, created_at, request_expires_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) returning id`,
    [
      schedule.experiment,
      schedule.cluster,
      JSON.stringify(schedule.parameters),
      schedule.profile,
      schedule.pattern,
      schedule.timeZone,
      schedule.kind,
      JSON.stringify(schedule.plan),
      schedule.shapeDigest,
      schedule.teamId,
      schedule.channelId,
      schedule.requestedBy,
      schedule.validForDays,
      schedule.runsAllowed,
      schedule.createdAt,
      schedule.requestExpiresAt,
    ],
  );
  if (rows[0] === undefined) throw new Error("insert into schedules returned no row");
  return rows[0].id;
}

export async function findSchedule(client: Queryable, id: string): Promise<Schedule | null> {
  const { rows } = await client.query<Row>(`select ${columns} from schedules s where s.id = $1`, [id]);
  return rows[0] === undefined ? null : fromRow(rows[0]);
}

/** Locks the schedule's row until the transaction ends, then reads it. */
export async function lockSchedule(client: Queryable, id: string): Promise<Schedule | null> {
  await client.query("select 1 from schedules where id = $1 for update", [id]);
  return findSchedule(client, id);
}

/** Schedules that wait for approval or come due, oldest first; of one channel, or of all. */
export async function openSchedules(client: Queryable, channelId?: string): Promise<Schedule[]> {
  const { rows } = await client.query<Row>(
    `select ${columns} from schedules s
      where s.state in ('requested', 'active') and ($1::text is null or s.channel_id = $1) order by s.created_at, s.id`,
    [channelId ?? null],
  );
  return rows.map(fromRow);
}

/** The one way a schedule changes its state: compare-and-set. A schedule that is over comes due no more. */
export async function moveSchedule(
  client: Queryable,
  change: { id: string; from: ScheduleState; to: ScheduleState },
): Promise<boolean> {
  const { rowCount } = await client.query(
    `update schedules set state = $3,
            next_due_at = case when $3 = 'active' then next_due_at end,
            starting_at = case when $3 = 'active' then starting_at end
      where id = $1 and state = $2`,
    [change.id, change.from, change.to],
  );
  return rowCount === 1;
}

/** From now on it comes due: set with its move to `active`. */
export async function setApproval(client: Queryable, id: string, until: Date, nextDueAt: Date): Promise<void> {
  await client.query("update schedules set approved_until = $2, next_due_at = $3 where id = $1", [
    id,
    until,
    nextDueAt,
  ]);
}

/**
 * Takes a due time: compare-and-set on it, so that of any number of workers and doubled wake-up calls one gets it.
 * `startingAt` is the time to start now, or null when all of them were missed. Returns the fence, or null.
 */
export async function claimDueTime(
  client: Queryable,
  claim: { id: string; dueAt: string; startingAt: Date | null; nextDueAt: Date | null; now: Date },
): Promise<number | null> {
  const { rows } = await client.query<{ claim_fence: number }>(
    `update schedules set next_due_at = $3, starting_at = $4, claimed_at = $5, claim_fence = claim_fence + 1
      where id = $1 and state = 'active' and next_due_at = $2 and starting_at is null returning claim_fence`,
    [claim.id, claim.dueAt, claim.nextDueAt, claim.startingAt, claim.now],
  );
  return rows[0]?.claim_fence ?? null;
}

/** Takes over a start whose worker vanished. Returns the new fence; the old worker can start nothing any more. */
export async function reclaimStart(
  client: Queryable,
  claim: { id: string; fence: number; now: Date },
): Promise<number | null> {
  const { rows } = await client.query<{ claim_fence: number }>(
    `update schedules set claimed_at = $3, claim_fence = claim_fence + 1
      where id = $1 and state = 'active' and claim_fence = $2 and starting_at is not null returning claim_fence`,
    [claim.id, claim.fence, claim.now],
  );
  return rows[0]?.claim_fence ?? null;
}

/** Ends a start, with its run or with its problem, while the fence is still the row's. False: somebody else has it. */
export async function finishStart(
  client: Queryable,
  start: { id: string; fence: number } & ({ runId: string } | { problem: string }),
): Promise<boolean> {
  const { rowCount } = await client.query(
    `update schedules set starting_at = null, last_problem = $4, last_run_id = coalesce($3, last_run_id),
            runs_used = runs_used + case when $3::text is null then 0 else 1 end
      where id = $1 and state = 'active' and claim_fence = $2 and starting_at is not null`,
    [start.id, start.fence, "runId" in start ? start.runId : null, "problem" in start ? start.problem : null],
  );
  return rowCount === 1;
}

/** Records one person's decision; false when that person has decided already. */
export async function insertScheduleDecision(
  client: Queryable,
  schedule: Pick<Schedule, "id" | "shapeDigest">,
  decision: { userId: string; decision: "approved" | "denied"; reason: string | null },
): Promise<boolean> {
  const { rowCount } = await client.query(
    `insert into schedule_decisions (schedule_id, user_id, decision, reason, shape_digest) values ($1, $2, $3, $4, $5)
     on conflict do nothing`,
    [schedule.id, decision.userId, decision.decision, decision.reason, schedule.shapeDigest],
  );
  return rowCount === 1;
}
