import type { Queryable } from "./database.ts";

/** Which runs are wanted; what is absent does not matter. */
export interface PastRunFilter {
  experiment?: string;
  system?: string;
  cluster?: string;
  namespace?: string;
  runId?: string;
  /** ISO 8601: only runs that had ended by then. */
  endedBefore?: string;
}

/** A run that is over and was judged, with parts of its report.json, which an older version may have written. Not checked. */
export interface StoredPastRun {
  runId: string;
  experiment: string;
  system: string;
  cluster: string;
  namespace: string;
  parameters: Record<string, string | number | boolean>;
  requestedBy: string;
  /** ISO 8601. */
  startedAt: string;
  endedAt: string;
  /** `schemaVersion`, `verdicts`, `measures`, `writes`, `slowDowns`, `settings` of the report. */
  report: unknown;
}

/**
 * Runs that are over and were judged, the newest first: at most `perExperiment` of each experiment on each target, and at
 * most `limit` in all. What was denied, has expired or never began was no run.
 */
export async function pastRuns(
  client: Queryable,
  filter: PastRunFilter,
  most: { perExperiment: number; limit: number },
): Promise<StoredPastRun[]> {
  const { rows } = await client.query<{
    id: string;
    experiment: string;
    system: string;
    cluster: string;
    namespace: string;
    parameters: StoredPastRun["parameters"];
    requested_by: string;
    created_at: Date;
    ended_at: Date;
    report: unknown;
  }>(
    // The reports are read when it is known whose are wanted: they are long.
    `with wanted as (
       select * from (
         select r.id, r.experiment, r.plan->>'system' as system, r.cluster, r.plan->>'namespace' as namespace,
                r.plan->'parameters' as parameters, r.requested_by, r.created_at, r.ended_at,
                row_number() over (partition by r.experiment, r.cluster, r.plan->>'namespace', r.plan->>'system'
                                   order by r.ended_at desc, r.created_at desc) as nth
           from runs r
          where r.ended_at is not null
            and ($1::text is null or r.experiment = $1) and ($2::text is null or r.plan->>'system' = $2)
            and ($3::text is null or r.cluster = $3) and ($4::text is null or r.plan->>'namespace' = $4)
            and ($5::text is null or r.id = $5) and ($8::timestamptz is null or r.ended_at <= $8)
            and exists (select 1 from run_artifacts a where a.run_id = r.id and a.name = 'report.json')) numbered
        where nth <= $6 order by ended_at desc, created_at desc limit $7)
     select w.*, jsonb_build_object('schemaVersion', j->'schemaVersion', 'verdicts', j->'verdicts',
              'measures', j->'measures', 'writes', j->'writes', 'slowDowns', j->'slowDowns', 'settings', j->'settings') as report
       from wanted w join run_artifacts a on a.run_id = w.id and a.name = 'report.json'
       cross join lateral (select convert_from(a.bytes, 'UTF8')::jsonb as j) as parsed
      order by w.ended_at desc, w.created_at desc`,
    [
      filter.experiment ?? null,
      filter.system ?? null,
      filter.cluster ?? null,
      filter.namespace ?? null,
      filter.runId ?? null,
      most.perExperiment,
      most.limit,
      filter.endedBefore ?? null,
    ],
  );
  return rows.map((row) => ({
    runId: row.id,
    experiment: row.experiment,
    system: row.system,
    cluster: row.cluster,
    namespace: row.namespace,
    parameters: row.parameters,
    requestedBy: row.requested_by,
    startedAt: row.created_at.toISOString(),
    endedAt: row.ended_at.toISOString(),
    report: row.report,
  }));
}

/** Experiments that have runs which are over and were judged, with how many; the one that ran last is the first. */
export async function pastExperiments(
  client: Queryable,
): Promise<Array<{ experiment: string; runs: number; lastEndedAt: string }>> {
  const { rows } = await client.query<{ experiment: string; runs: number; last: Date }>(
    `select r.experiment, count(*)::int as runs, max(r.ended_at) as last from runs r
      where r.ended_at is not null
        and exists (select 1 from run_artifacts a where a.run_id = r.id and a.name = 'report.json')
      group by r.experiment order by last desc`,
  );
  return rows.map(({ experiment, runs, last }) => ({ experiment, runs, lastEndedAt: last.toISOString() }));
}
