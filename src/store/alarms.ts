import type { Alarm, AlarmState } from "../run/alarms/alarm.ts";
import type { Queryable } from "./database.ts";

const columns = `run_id, cluster, target_key, state, reasons, raised_at, acknowledged_by, acknowledged_at, resolved_at, pages,
  last_problem`;

interface Row {
  run_id: string;
  cluster: string;
  target_key: string;
  state: AlarmState;
  reasons: string[];
  raised_at: Date;
  acknowledged_by: string | null;
  acknowledged_at: Date | null;
  resolved_at: Date | null;
  pages: number;
  last_problem: string | null;
}

function fromRow(row: Row): Alarm {
  return {
    runId: row.run_id,
    cluster: row.cluster,
    targetKey: row.target_key,
    state: row.state,
    reasons: row.reasons,
    raisedAt: row.raised_at.toISOString(),
    acknowledgedBy: row.acknowledged_by,
    acknowledgedAt: row.acknowledged_at?.toISOString() ?? null,
    resolvedAt: row.resolved_at?.toISOString() ?? null,
    pages: row.pages,
    lastProblem: row.last_problem,
  };
}

/** False: there is one of that run already. The first look again is due after `firstCheckMs`. */
export async function insertAlarm(
  client: Queryable,
  alarm: { runId: string; cluster: string; targetKey: string; reasons: readonly string[]; firstCheckMs: number },
): Promise<boolean> {
  const { rowCount } = await client.query(
    `insert into alarms (run_id, cluster, target_key, reasons, next_check_at)
     values ($1, $2, $3, $4, clock_timestamp() + $5 * interval '1 millisecond') on conflict do nothing`,
    [alarm.runId, alarm.cluster, alarm.targetKey, JSON.stringify(alarm.reasons), alarm.firstCheckMs],
  );
  return rowCount === 1;
}

export async function findAlarm(client: Queryable, runId: string): Promise<Alarm | null> {
  const { rows } = await client.query<Row>(`select ${columns} from alarms where run_id = $1`, [runId]);
  return rows[0] === undefined ? null : fromRow(rows[0]);
}

/** Alarms that keep their target, oldest first. */
export async function openAlarms(client: Queryable): Promise<Alarm[]> {
  const { rows } = await client.query<Row>(
    `select ${columns} from alarms where state <> 'resolved' or acknowledged_at is null order by raised_at`,
  );
  return rows.map(fromRow);
}

/** The oldest alarm that keeps a target; null: none does. */
export async function alarmOn(client: Queryable, targetKey: string): Promise<Alarm | null> {
  const { rows } = await client.query<Row>(
    `select ${columns} from alarms where target_key = $1 and (state <> 'resolved' or acknowledged_at is null)
      order by raised_at limit 1`,
    [targetKey],
  );
  return rows[0] === undefined ? null : fromRow(rows[0]);
}

/** False: somebody has acknowledged it before, or there is none. A resolved one stays resolved, and is noted as seen. */
export async function acknowledge(client: Queryable, runId: string, by: string): Promise<boolean> {
  const { rowCount } = await client.query(
    `update alarms set state = case when state = 'raised' then 'acknowledged' else state end,
            acknowledged_by = $2, acknowledged_at = clock_timestamp()
      where run_id = $1 and acknowledged_at is null`,
    [runId, by],
  );
  return rowCount === 1;
}

/** False: it was resolved before, or there is none. */
export async function resolve(client: Queryable, runId: string): Promise<boolean> {
  const { rowCount } = await client.query(
    `update alarms set state = 'resolved', resolved_at = clock_timestamp(), claimed_until = null, check_asked_by = null,
            last_problem = null
      where run_id = $1 and state <> 'resolved'`,
    [runId],
  );
  return rowCount === 1;
}

/** Raised alarms whose next page is due, with how often they were paged. */
export async function duePages(client: Queryable): Promise<Array<{ runId: string; pages: number }>> {
  const { rows } = await client.query<{ run_id: string; pages: number }>(
    "select run_id, pages from alarms where state = 'raised' and next_page_at <= clock_timestamp() order by next_page_at",
  );
  return rows.map(({ run_id, pages }) => ({ runId: run_id, pages }));
}

/** False: another worker has paged, or it is no longer raised. */
export async function notePage(
  client: Queryable,
  page: { runId: string; pages: number; nextMs: number },
): Promise<boolean> {
  const { rowCount } = await client.query(
    `update alarms set pages = pages + 1, next_page_at = clock_timestamp() + $3 * interval '1 millisecond'
      where run_id = $1 and pages = $2 and state = 'raised'`,
    [page.runId, page.pages, page.nextMs],
  );
  return rowCount === 1;
}

/**
 * Claims an alarm whose look is due, and whose run has ended, for one worker. `askedBy`: the person who asked for it now,
 * if one did.
 */
export async function claimCheck(
  client: Queryable,
  claimMs: number,
): Promise<{ runId: string; checks: number; askedBy: string | null; lastProblem: string | null } | null> {
  const { rows } = await client.query<{
    run_id: string;
    checks: number;
    check_asked_by: string | null;
    last_problem: string | null;
  }>(
    `with due as (
       select a.run_id from alarms a join runs r on r.id = a.run_id
        where a.state <> 'resolved' and a.next_check_at <= clock_timestamp() and r.ended_at is not null
          and (a.claimed_until is null or a.claimed_until < clock_timestamp())
        order by a.next_check_at limit 1 for update of a skip locked)
     update alarms a set claimed_until = clock_timestamp() + $1 * interval '1 millisecond', checks = checks + 1
       from due where a.run_id = due.run_id
     returning a.run_id, a.checks, a.check_asked_by, a.last_problem`,
    [claimMs],
  );
  const row = rows[0];
  return row === undefined
    ? null
    : { runId: row.run_id, checks: row.checks, askedBy: row.check_asked_by, lastProblem: row.last_problem };
}

/** A look that proved nothing: what was amiss, and when to look again. */
export async function noteCheck(
  client: Queryable,
  check: { runId: string; problem: string; nextMs: number },
): Promise<void> {
  await client.query(
    `update alarms set claimed_until = null, check_asked_by = null, last_problem = $2,
            next_check_at = clock_timestamp() + $3 * interval '1 millisecond'
      where run_id = $1 and state <> 'resolved'`,
    [check.runId, check.problem, check.nextMs],
  );
}

/** Has the next look come now. False: it is resolved, or there is none. */
export async function askCheck(client: Queryable, runId: string, by: string | null): Promise<boolean> {
  const { rowCount } = await client.query(
    `update alarms set next_check_at = clock_timestamp(), check_asked_by = coalesce($2, check_asked_by)
      where run_id = $1 and state <> 'resolved'`,
    [runId, by],
  );
  return rowCount === 1;
}
