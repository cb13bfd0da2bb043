import { inTransaction, type Database } from "./database.ts";

/** So many runs and faults at most have series of their own; there are never that many at once. */
const mostSeries = 200;

/** PostgreSQL itself ends what takes longer: nobody waits for it by then. */
const statementLimitMs = 2000;

type Counted<Labels extends string> = Readonly<Record<Labels, string>> & { value: number };

/** What is counted of everything stored, at one moment. */
export interface Figures {
  /** Not ended. */
  runs: Array<Counted<"experiment" | "state">>;
  ended: Array<Counted<"experiment" | "outcome" | "hypothesis" | "cleanup">>;
  /** 1 for each run that has been approved and has not ended. */
  phases: Array<Counted<"run" | "experiment" | "cluster" | "phase">>;
  faults: Array<Counted<"kind" | "state">>;
  /** Faults that are, or may be, in a cluster now. */
  present: Array<
    Readonly<Record<"run" | "fault" | "kind" | "cluster", string>> & { ageSeconds: number; plannedSeconds: number }
  >;
  /** Runs whose cleanup is not proven. */
  alarms: Array<Counted<"state">>;
  halted: boolean;
  outbox: { messages: number; oldestSeconds: number };
}

/** Reads them in one transaction, so that they agree. Rejects when PostgreSQL is away or slow. */
export async function readFigures(database: Database, kinds: readonly string[]): Promise<Figures> {
  return inTransaction(database, async (client) => {
    await client.query("set transaction isolation level repeatable read, read only");
    await client.query(`set local statement_timeout = ${statementLimitMs}`);
    const all = async <Row extends object>(sql: string, values: unknown[] = []): Promise<Row[]> =>
      (await client.query<Row>(sql, values)).rows;
    const [state] = await all<{ halted: boolean; messages: number; oldest: number }>(
      `select exists (select 1 from halts where resumed_at is null) as halted,
              (select count(*)::int from slack_outbox where outstanding) as messages,
              (select coalesce(greatest(0, extract(epoch from clock_timestamp() - min(wanted_at))), 0)::float
                 from slack_outbox where outstanding) as oldest`,
    );
    return {
      runs: await all(
        `select experiment, state, count(*)::int as value from runs where ended_at is null group by 1, 2 order by 1, 2`,
      ),
      ended: await all(
        `select r.experiment, r.state as outcome, coalesce(v.hypothesis, 'none') as hypothesis,
                coalesce(v.cleanup, 'none') as cleanup, count(*)::int as value
           from runs r left join run_verdicts v on v.run_id = r.id where r.ended_at is not null
          group by 1, 2, 3, 4 order by 1, 2, 3, 4`,
      ),
      phases: await all(
        `select id as run, experiment, cluster, state as phase, 1 as value from runs
          where ended_at is null and state <> 'requested' order by created_at limit ${mostSeries}`,
      ),
      faults: await all(
        `select kind, state, (select count(*)::int from run_faults f join runs r on r.id = f.run_id
                               where r.ended_at is null and f.kind = k.kind and f.state = s.state) as value
           from unnest($1::text[]) as k (kind), (values ('intended'), ('injected'), ('removed')) as s (state)`,
        [kinds],
      ),
      present: await all(
        `select f.run_id as run, f.fault_id as fault, f.kind, f.cluster,
                greatest(0, extract(epoch from clock_timestamp() - coalesce(f.injected_at, f.intended_at)))::float
                  as "ageSeconds",
                coalesce((r.plan #>> '{phases,durationMs}')::float, 0) / 1000 as "plannedSeconds"
           from run_faults f join runs r on r.id = f.run_id
          where r.ended_at is null and f.state in ('intended', 'injected') order by f.intended_at limit ${mostSeries}`,
      ),
      alarms: await all(
        `select s.state, count(a.run_id)::int as value
           from (values ('raised'), ('acknowledged')) as s (state) left join alarms a on a.state = s.state group by 1`,
      ),
      halted: state?.halted === true,
      outbox: { messages: state?.messages ?? 0, oldestSeconds: state?.oldest ?? 0 },
    };
  });
}
