import { isTerminal, occupyingStates, type RunOutcome, type RunState } from "../run/lifecycle.ts";
import type { Plan } from "../run/plan.ts";
import type { RunRow } from "../run/service.ts";
import type { Queryable } from "./database.ts";

export interface NewRun {
  plan: Plan;
  digest: string;
  requestedBy: string;
  teamId: string;
  channelId: string;
  expiresAfterMs: number;
}

const columns = `r.id, r.experiment, r.state, r.plan, r.plan_digest, r.requested_by, r.team_id, r.channel_id,
  r.created_at, r.expires_at, r.ended_at, r.abort_requested_by, r.outcome, r.outcome_reason,
  coalesce((select array_agg(d.user_id order by d.id) from (
              select distinct on (user_id) id, user_id, decision, plan_digest from run_decisions
               where run_id = r.id order by user_id, id desc) as d
             where d.decision = 'approved' and d.plan_digest = r.plan_digest), '{}') as approved_by`;

interface Row {
  id: string;
  experiment: string;
  state: RunState;
  plan: Plan;
  plan_digest: string;
  requested_by: string;
  team_id: string;
  channel_id: string;
  created_at: Date;
  expires_at: Date;
  ended_at: Date | null;
  abort_requested_by: string | null;
  outcome: RunOutcome | null;
  outcome_reason: string | null;
  approved_by: string[];
}

/** A run with what only its conductor needs. */
export interface StoredRun extends RunRow {
  outcome: RunOutcome | null;
  outcomeReason: string | null;
}

function fromRow(row: Row): StoredRun {
  return {
    id: row.id,
    experiment: row.experiment,
    state: row.state,
    plan: row.plan,
    digest: row.plan_digest,
    requestedBy: row.requested_by,
    teamId: row.team_id,
    channelId: row.channel_id,
    approvedBy: row.approved_by,
    createdAt: row.created_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
    endedAt: row.ended_at?.toISOString() ?? null,
    abortRequestedBy: row.abort_requested_by,
    outcome: row.outcome,
    outcomeReason: row.outcome_reason,
  };
}

export async function insertRun(client: Queryable, run: NewRun): Promise<{ id: string; expiresAt: string }> {
  const { rows } = await client.query<{ id: string; expires_at: Date }>(
    `insert into runs (experiment, plan, plan_digest, cluster, target_key, requested_by, team_id, channel_id, expires_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, clock_timestamp() + $9 * interval '1 millisecond')
     returning id, expires_at`,
    [
      run.plan.experiment,
      JSON.stringify(run.plan),
      run.digest,
      run.plan.cluster,
      run.plan.targetKey,
      run.requestedBy,
      run.teamId,
      run.channelId,
      run.expiresAfterMs,
    ],
  );
  const row = rows[0];
  if (row === undefined) throw new Error("insert into runs returned no row");
  return { id: row.id, expiresAt: row.expires_at.toISOString() };
}

export async function findRun(client: Queryable, runId: string): Promise<StoredRun | null> {
  const { rows } = await client.query<Row>(`select ${columns} from runs r where r.id = $1`, [runId]);
  return rows[0] === undefined ? null : fromRow(rows[0]);
}

/** Locks the run's row until the transaction ends, then reads it. */
export async function lockRun(client: Queryable, runId: string): Promise<StoredRun | null> {
  await client.query("select 1 from runs where id = $1 for update", [runId]);
  return findRun(client, runId);
}

export async function recentRuns(client: Queryable, channelId: string, limit: number): Promise<StoredRun[]> {
  const { rows } = await client.query<Row>(
    `select ${columns} from runs r where r.channel_id = $1 order by r.created_at desc limit $2`,
    [channelId, limit],
  );
  return rows.map(fromRow);
}

/** Of all channels: enough to find the one that was meant. */
export async function newestRunIds(client: Queryable): Promise<string[]> {
  const { rows } = await client.query<{ id: string }>("select id from runs order by created_at desc limit 50");
  return rows.map(({ id }) => id);
}

export async function openRuns(client: Queryable, channelId: string): Promise<StoredRun[]> {
  const { rows } = await client.query<Row>(
    `select ${columns} from runs r where r.channel_id = $1 and r.ended_at is null order by r.created_at desc`,
    [channelId],
  );
  return rows.map(fromRow);
}

/** The run that occupies a target, other than `exceptRunId`. */
export async function occupant(client: Queryable, targetKey: string, exceptRunId?: string): Promise<string | null> {
  const { rows } = await client.query<{ id: string }>(
    "select id from runs where target_key = $1 and state = any($2) and id is distinct from $3 limit 1",
    [targetKey, occupyingStates, exceptRunId ?? null],
  );
  return rows[0]?.id ?? null;
}

/**
 * The one way a run changes its state: compare-and-set, and with `fence` only while that fence owns the run.
 * False: somebody else moved it, or the lease is lost. The caller has checked `canMove`.
 */
export async function compareAndSetState(
  client: Queryable,
  change: { runId: string; from: RunState; to: RunState; fence?: number },
): Promise<boolean> {
  const { rowCount } = await client.query(
    `update runs set state = $3, ended_at = case when $5 then clock_timestamp() end,
            lease_until = case when $5 then null else lease_until end
      where id = $1 and state = $2
        and ($4::int is null or (lease_fence = $4 and lease_until > clock_timestamp()))`,
    [change.runId, change.from, change.to, change.fence ?? null, isTerminal(change.to)],
  );
  return rowCount === 1;
}

/** Notes how the run will end; the first note wins, so that a late error cannot hide why healing began. */
export async function noteOutcome(
  client: Queryable,
  runId: string,
  outcome: RunOutcome,
  reason: string | null,
): Promise<void> {
  await client.query("update runs set outcome = $2, outcome_reason = $3 where id = $1 and outcome is null", [
    runId,
    outcome,
    reason,
  ]);
}

/** True when this call set the wish; false when it was there already. Wakes the owner by NOTIFY `run_aborts`. */
export async function requestAbort(
  client: Queryable,
  runId: string,
  by: string,
  reason: string | null,
): Promise<boolean> {
  const { rowCount } = await client.query(
    "update runs set abort_requested_by = $2, abort_reason = $3 where id = $1 and abort_requested_by is null",
    [runId, by, reason],
  );
  await client.query("select pg_notify('run_aborts', $1)", [runId]);
  return rowCount === 1;
}

/** Requested runs whose time for approval is over. */
export async function expiredRequests(client: Queryable): Promise<string[]> {
  const { rows } = await client.query<{ id: string }>(
    "select id from runs where state = 'requested' and ended_at is null and expires_at < clock_timestamp()",
  );
  return rows.map((row) => row.id);
}

/** Approved runs that no worker has started; the queue may have lost the wake-up call. */
export async function waitingRuns(client: Queryable): Promise<string[]> {
  const { rows } = await client.query<{ id: string }>(
    "select id from runs where state = 'approved' order by created_at",
  );
  return rows.map((row) => row.id);
}
