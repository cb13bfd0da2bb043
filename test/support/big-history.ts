import type pg from "pg";
import type { Plan } from "../../src/run/plan.ts";
import { plan } from "./database.ts";

/** How much history there is. */
export interface Volume {
  runs: number;
  eventsPerRun: number;
}

/** Runs that are under way at the end of it. */
export const openRuns = 20;
export const clusters = 20;
export const channels = 50;
const experiments = 12;

/**
 * Fills an empty, migrated database with what so many runs leave, by SQL: rows as the service writes them, in the numbers
 * that a run of the demo's profile leaves (bench/scale.ts), with small files and without the audit trail, which nothing
 * here reads but from its end. Triggers are off meanwhile. The newest 20 runs are under way.
 */
export async function fillHistory(client: pg.Client, { runs, eventsPerRun }: Volume): Promise<void> {
  const given: Plan = {
    ...plan,
    probes: Array.from({ length: 6 }, (_unused, at) => `client-${at}: ${"does ".repeat(20)}`),
  };
  const finding = { id: "redis.lost-writes", title: "x".repeat(300) };
  const report = {
    schemaVersion: 1,
    measures: Array.from({ length: 8 }, (_unused, at) => ({ id: `m${at}`, value: at })),
  };
  await client.query("set session_replication_role = replica");
  await client.query("set synchronous_commit = off");
  await client.query(
    `insert into runs (id, experiment, state, plan, plan_digest, cluster, target_key, requested_by, team_id, channel_id,
                       created_at, expires_at, ended_at, outcome, lease_owner, lease_fence, lease_until, last_seq)
     select 'run-' || n, 'experiment-' || n % ${experiments},
            case when n > $1 - ${openRuns} then 'active' else 'completed' end, $2::jsonb, repeat('d', 64),
            'cluster-' || n % ${clusters}, 'cluster-' || n % ${clusters} || '/cache/' || n, 'U0' || n % 40, 'T1',
            'C' || n % ${channels}, at, at + interval '1 hour',
            case when n > $1 - ${openRuns} then null else at + interval '3 minutes' end, 'completed', 'worker', 1,
            case when n > $1 - ${openRuns} then clock_timestamp() + interval '9 minutes' end, $3::int
       from (select n, clock_timestamp() - ($1 - n) * interval '8640 milliseconds' as at from generate_series(1, $1::int) n) as numbered`,
    [runs, JSON.stringify(given), eventsPerRun],
  );
  await client.query("select setval('run_numbers', $1)", [runs]);
  await client.query(
    `insert into run_events (run_id, seq, type, data)
     select 'run-' || n, seq, case when seq % 10 < 7 then 'probe-status' when seq = $2 then 'judged' else 'system' end,
            jsonb_build_object('atMs', seq * 1000, 'source', 'redis-sentinel-0', 'text', repeat('x', 100))
       from generate_series(1, $1::int) n, generate_series(1, $2::int) seq`,
    [runs, eventsPerRun],
  );
  await client.query(
    `insert into run_decisions (run_id, user_id, decision, plan_digest)
     select 'run-' || n, 'U1', 'approved', repeat('d', 64) from generate_series(1, $1::int) n`,
    [runs],
  );
  await client.query(
    `insert into run_artifacts (run_id, name, content_type, bytes)
     select 'run-' || n, 'report.json', 'application/json', convert_to($2, 'UTF8')
       from generate_series(1, $1::int) n where n <= $1 - ${openRuns}`,
    [runs, JSON.stringify(report)],
  );
  await client.query(
    `insert into narration_cursors (run_id, seq, last_seq)
     select 'run-' || n, $2::int, case when n > $1 - ${openRuns} then $2 + 1 else $2 end from generate_series(1, $1::int) n`,
    [runs, eventsPerRun],
  );
  await client.query(
    `insert into slack_outbox (run_id, key, channel_id, position, in_thread, payload, sent_version, state, ts)
     select 'run-' || n, case when k = 0 then 'card' else 'message-' || k end, 'C' || n % ${channels}, k, k > 0, $2::jsonb, 1, 'sent',
            '17000' || n || '.' || k
       from generate_series(1, $1::int) n, generate_series(0, 11) k`,
    [runs, JSON.stringify({ kind: "message", text: finding.title, blocks: [] })],
  );
  await client.query("insert into home_viewers (user_id, team_id) values ('U1', 'T1')");
  await client.query("set session_replication_role = origin");
  await client.query("vacuum (freeze, analyze)");
}
