import type { Queryable } from "./database.ts";

/**
 * The last completed run of an experiment on one target (cluster, namespace, system), other than `runId`, with its
 * report.json as text: what wrote it may have been an older version of this program. Null: there is none.
 */
export async function lastCompletedRun(
  client: Queryable,
  target: { runId: string; experiment: string; cluster: string; namespace: string; system: string },
): Promise<{ runId: string; report: string } | null> {
  const { rows } = await client.query<{ id: string; report: string }>(
    `select r.id, convert_from(a.bytes, 'UTF8') as report
       from runs r join run_artifacts a on a.run_id = r.id and a.name = 'report.json'
      where r.experiment = $2 and r.cluster = $3 and r.plan->>'namespace' = $4 and r.plan->>'system' = $5
        and r.state = 'completed' and r.ended_at is not null and r.id <> $1
      order by r.ended_at desc limit 1`,
    [target.runId, target.experiment, target.cluster, target.namespace, target.system],
  );
  const row = rows[0];
  return row === undefined ? null : { runId: row.id, report: row.report };
}

/** What a completed run measured, as its report.json has it; not checked. */
export interface EarlierMeasures {
  runId: string;
  system: string;
  experiment: string;
  /** ISO 8601. */
  endedAt: string;
  measures: unknown;
}

/** The measures of the newest completed runs on a cluster, at most `perExperiment` of each experiment, newest first. */
export async function recentMeasures(
  client: Queryable,
  of: { runId: string; cluster: string; perExperiment: number },
): Promise<EarlierMeasures[]> {
  const { rows } = await client.query<{
    id: string;
    system: string;
    experiment: string;
    ended_at: Date;
    measures: unknown;
  }>(
    // Experiment by experiment, each found by the one before it, so that the index gives the newest and the rest stays
    // unread (PostgreSQL wiki, Loose indexscan).
    `with recursive names as (
       select (select min(experiment) from runs where cluster = $2 and ended_at is not null) as experiment
       union all
       select (select min(experiment) from runs where cluster = $2 and ended_at is not null and experiment > n.experiment)
         from names n where n.experiment is not null)
     select id, system, newest.experiment, ended_at, convert_from(bytes, 'UTF8')::jsonb->'measures' as measures from names n cross join lateral (
       select r.id, r.plan->>'system' as system, r.experiment, r.ended_at, a.bytes
         from runs r join run_artifacts a on a.run_id = r.id and a.name = 'report.json'
        where r.cluster = $2 and r.experiment = n.experiment and r.ended_at is not null and r.state = 'completed'
          and r.id <> $1
        order by r.ended_at desc limit $3) newest
      order by ended_at desc`,
    [of.runId, of.cluster, of.perExperiment],
  );
  return rows.map((row) => ({
    runId: row.id,
    system: row.system,
    experiment: row.experiment,
    endedAt: row.ended_at.toISOString(),
    measures: row.measures,
  }));
}
