import type { Halt, HaltCluster, HaltedRun, HaltEvent, HaltEventBody } from "../run/halt/halt.ts";
import type { RunState } from "../run/lifecycle.ts";
import type { Queryable } from "./database.ts";
import { appendNumbered } from "./numbered-events.ts";

/** Of `pg_advisory_xact_lock`: whoever starts something holds it shared, whoever halts holds it alone. */
const latchLock = 7_116_170_041;

interface Row {
  id: string;
  latch: string;
  halted_by: string;
  reason: string | null;
  channel_id: string | null;
  from_cluster: string | null;
  halted_at: Date;
  settled_at: Date | null;
  resumed_by: string | null;
  resume_reason: string | null;
  resumed_at: Date | null;
}

function fromRow(row: Row): Halt {
  return {
    id: row.id,
    latch: row.latch,
    by: row.halted_by,
    reason: row.reason,
    channelId: row.channel_id,
    fromCluster: row.from_cluster,
    at: row.halted_at.toISOString(),
    settledAt: row.settled_at?.toISOString() ?? null,
    resumedBy: row.resumed_by,
    resumeReason: row.resume_reason,
    resumedAt: row.resumed_at?.toISOString() ?? null,
  };
}

/** The halt that holds now, or null. */
export async function openHalt(client: Queryable): Promise<Halt | null> {
  const { rows } = await client.query<Row>("select * from halts where resumed_at is null");
  return rows[0] === undefined ? null : fromRow(rows[0]);
}

/**
 * The same inside a transaction that starts something: a halt cannot come between this look and the transaction's end,
 * since it waits for that lock; and what was committed before the halt is there for it to stop.
 */
export async function openHaltForStart(client: Queryable): Promise<Halt | null> {
  await client.query("select pg_advisory_xact_lock_shared($1)", [latchLock]);
  return openHalt(client);
}

export async function findHalt(client: Queryable, id: string): Promise<Halt | null> {
  const { rows } = await client.query<Row>("select * from halts where id = $1", [id]);
  return rows[0] === undefined ? null : fromRow(rows[0]);
}

export async function haltOfLatch(client: Queryable, latch: string): Promise<Halt | null> {
  const { rows } = await client.query<Row>("select * from halts where latch = $1", [latch]);
  return rows[0] === undefined ? null : fromRow(rows[0]);
}

/**
 * Sets the latch, in a transaction of the caller's that does nothing else: starts that are under way are waited for. Null
 * when a halt holds already, or this latch was lifted before.
 */
export async function insertHalt(
  client: Queryable,
  halt: Pick<Halt, "latch" | "by" | "reason" | "channelId" | "fromCluster">,
): Promise<Halt | null> {
  await client.query("select pg_advisory_xact_lock($1)", [latchLock]);
  const { rows } = await client.query<Row>(
    `insert into halts (latch, halted_by, reason, channel_id, from_cluster) values ($1, $2, $3, $4, $5)
     on conflict do nothing returning *`,
    [halt.latch, halt.by, halt.reason, halt.channelId, halt.fromCluster],
  );
  return rows[0] === undefined ? null : fromRow(rows[0]);
}

/** True when this call lifted it; false when it was lifted already. */
export async function liftHalt(client: Queryable, id: string, by: string, reason: string | null): Promise<boolean> {
  const { rowCount } = await client.query(
    `update halts set resumed_by = $2, resume_reason = $3, resumed_at = clock_timestamp()
      where id = $1 and resumed_at is null`,
    [id, by, reason],
  );
  return rowCount === 1;
}

/** Appends events to a halt inside the caller's transaction. */
export async function appendHaltEvents(client: Queryable, id: string, bodies: readonly HaltEventBody[]): Promise<void> {
  await appendNumbered(client, "halt", id, bodies);
}

/** All events of a halt, in order. */
export async function haltEvents(client: Queryable, id: string): Promise<HaltEvent[]> {
  const { rows } = await client.query<{ seq: number; at: Date; type: string; data: Record<string, unknown> }>(
    "select seq, at, type, data from halt_events where halt_id = $1 order by seq",
    [id],
  );
  // Rows are only ever written from a HaltEventBody.
  return rows.map(({ seq, at, type, data }) => ({ ...data, type, halt: id, seq, at: at.toISOString() }) as HaltEvent);
}

/** True when this is news. */
export async function noteCluster(client: Queryable, id: string, seen: HaltCluster): Promise<boolean> {
  const { rowCount } = await client.query(
    `insert into halt_clusters (halt_id, cluster, state, problem) values ($1, $2, $3, $4)
     on conflict (halt_id, cluster) do update set state = excluded.state, problem = excluded.problem,
       at = clock_timestamp()
       where halt_clusters.state is distinct from excluded.state`,
    [id, seen.cluster, seen.state, seen.problem],
  );
  return rowCount === 1;
}

export async function clustersOf(client: Queryable, id: string): Promise<HaltCluster[]> {
  const { rows } = await client.query<HaltCluster>(
    "select cluster, state, problem from halt_clusters where halt_id = $1 order by cluster",
    [id],
  );
  return rows;
}

/** Runs that have not ended and that this halt has not stopped yet; none once it was lifted. */
export async function runsToStop(client: Queryable, id: string): Promise<string[]> {
  const { rows } = await client.query<{ id: string }>(
    `select r.id from runs r where r.ended_at is null
        and exists (select 1 from halts h where h.id = $1 and h.resumed_at is null)
        and not exists (select 1 from halt_events e
                         where e.halt_id = $1 and e.type = 'run-stopped' and e.data->>'run' = r.id)
      order by r.created_at`,
    [id],
  );
  return rows.map((row) => row.id);
}

/**
 * What became of the runs that a halt stopped; null while one may still have a fault in place. A run leaves `healing`
 * when all its faults are removed, so its change to `verifying` is the moment, by the database's clock.
 */
export async function haltedRuns(client: Queryable, id: string): Promise<HaltedRun[] | null> {
  const { rows } = await client.query<{
    run: string;
    was: RunState;
    over: boolean;
    gone_after_ms: number | null;
    proven: boolean;
  }>(
    `select r.id as run, e.data->>'was' as was,
            (r.ended_at is not null or r.state in ('verifying', 'judging')) as over,
            (select extract(epoch from v.at - h.halted_at)::float8 * 1000 from run_events v
              where v.run_id = r.id and v.type = 'state' and v.data->>'to' = 'verifying' and v.at >= h.halted_at
                and exists (select 1 from run_faults f where f.run_id = r.id)) as gone_after_ms,
            not exists (select 1 from run_events p where p.run_id = r.id and p.type = 'healing-proof'
                                                     and p.data->>'ok' = 'false') as proven
       from halts h join halt_events e on e.halt_id = h.id and e.type = 'run-stopped' join runs r on r.id = e.data->>'run'
      where h.id = $1 order by e.seq`,
    [id],
  );
  if (rows.some(({ over }) => !over)) return null;
  return rows.map(({ run, was, gone_after_ms: ms, proven }) => ({ run, was, goneAfterMs: ms, proven }));
}

/** How many runs a halt has stopped. */
export async function countStopped(client: Queryable, id: string): Promise<number> {
  const { rows } = await client.query<{ stopped: number }>(
    "select count(*)::int as stopped from halt_events where halt_id = $1 and type = 'run-stopped'",
    [id],
  );
  return rows[0]?.stopped ?? 0;
}

/** True when this call noted it first. */
export async function noteSettled(client: Queryable, id: string): Promise<boolean> {
  const { rowCount } = await client.query(
    "update halts set settled_at = clock_timestamp() where id = $1 and settled_at is null",
    [id],
  );
  return rowCount === 1;
}
