import type { Queryable } from "./database.ts";

export interface PodRestart {
  id: string;
  runId: string;
  namespace: string;
  pod: string;
  askedBy: string;
}

interface Row {
  id: string;
  run_id: string;
  namespace: string;
  pod: string;
  asked_by: string;
}

/** False: it is asked for already, and was not done yet. */
export async function askRestart(client: Queryable, restart: Omit<PodRestart, "id">): Promise<boolean> {
  const { rowCount } = await client.query(
    `insert into pod_restarts (run_id, namespace, pod, asked_by) values ($1, $2, $3, $4) on conflict do nothing`,
    [restart.runId, restart.namespace, restart.pod, restart.askedBy],
  );
  return rowCount === 1;
}

/**
 * Claims the next restart of a run, or of any run that has ended. One whose worker died comes back after `claimMs`; the
 * pod's uid keeps it from being restarted for the same click twice only as far as the worker got.
 */
export async function claimRestart(
  client: Queryable,
  claimMs: number,
  runId: string | null,
): Promise<PodRestart | null> {
  const { rows } = await client.query<Row>(
    `with due as (
       select p.id from pod_restarts p join runs r on r.id = p.run_id
        where (p.state = 'asked' or (p.state = 'doing' and p.claimed_until < clock_timestamp()))
          and (case when $2::text is null then r.ended_at is not null else p.run_id = $2 end)
        order by p.id limit 1 for update of p skip locked)
     update pod_restarts p set state = 'doing', claimed_until = clock_timestamp() + $1 * interval '1 millisecond'
       from due where p.id = due.id returning p.id, p.run_id, p.namespace, p.pod, p.asked_by`,
    [claimMs, runId],
  );
  const row = rows[0];
  return row === undefined
    ? null
    : { id: row.id, runId: row.run_id, namespace: row.namespace, pod: row.pod, askedBy: row.asked_by };
}

export async function endRestart(client: Queryable, id: string, state: "done" | "failed"): Promise<void> {
  await client.query("update pod_restarts set state = $2, claimed_until = null where id = $1", [id, state]);
}

/** Pods of a run that were restarted. */
export async function restartedPods(
  client: Queryable,
  runId: string,
): Promise<Array<{ namespace: string; pod: string }>> {
  const { rows } = await client.query<{ namespace: string; pod: string }>(
    "select distinct namespace, pod from pod_restarts where run_id = $1 and state = 'done'",
    [runId],
  );
  return rows;
}
