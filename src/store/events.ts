import type { RunEvent, RunEventBody } from "../run/events.ts";
import { redactDeep } from "../redact.ts";
import type { Queryable } from "./database.ts";

/**
 * Appends events to a run inside the caller's transaction, without what looks like a secret, and returns the last sequence number. With `fence`, only
 * while that fence owns the run: otherwise nothing is written and null returned.
 */
export async function appendEvents(
  client: Queryable,
  runId: string,
  bodies: readonly RunEventBody[],
  fence?: number,
): Promise<number | null> {
  const numbered = await client.query<{ last_seq: number }>(
    `update runs set last_seq = last_seq + $2
      where id = $1 and ($3::int is null or (lease_fence = $3 and lease_until > clock_timestamp())) returning last_seq`,
    [runId, bodies.length, fence ?? null],
  );
  const last = numbered.rows[0]?.last_seq;
  if (last === undefined) return null;
  const first = last - bodies.length + 1;
  await client.query(
    `insert into run_events (run_id, seq, type, data)
     select $1, $2 + ordinality - 1, element->>'type', element - 'type'
       from jsonb_array_elements($3::jsonb) with ordinality as rows (element, ordinality)`,
    [runId, first, JSON.stringify(redactDeep(bodies))],
  );
  return last;
}

/** Events of a run after a sequence number, in order. */
export async function eventsAfter(client: Queryable, runId: string, afterSeq: number): Promise<RunEvent[]> {
  const { rows } = await client.query<{ seq: number; at: Date; type: string; data: Record<string, unknown> }>(
    "select seq, at, type, data from run_events where run_id = $1 and seq > $2 order by seq",
    [runId, afterSeq],
  );
  return rows.map((row) => eventFromRow(runId, row));
}

/** Rebuilds an event from its row; rows are only ever written from a RunEventBody. */
export function eventFromRow(
  runId: string,
  row: { seq: number; at: Date; type: string; data: Record<string, unknown> },
): RunEvent {
  return { ...row.data, type: row.type, run: runId, seq: row.seq, at: row.at.toISOString() } as RunEvent;
}

/** All events of one type of a run, in order. */
export async function eventsOfType<T extends RunEvent["type"]>(
  client: Queryable,
  runId: string,
  type: T,
): Promise<Array<Extract<RunEvent, { type: T }>>> {
  const { rows } = await client.query<{ seq: number; at: Date; type: string; data: Record<string, unknown> }>(
    "select seq, at, type, data from run_events where run_id = $1 and type = $2 order by seq",
    [runId, type],
  );
  return rows.map((row) => eventFromRow(runId, row) as Extract<RunEvent, { type: T }>);
}

/** How many events of one type a run has. */
export async function countEvents(client: Queryable, runId: string, type: RunEvent["type"]): Promise<number> {
  const { rows } = await client.query<{ count: number }>(
    "select count(*)::int as count from run_events where run_id = $1 and type = $2",
    [runId, type],
  );
  return rows[0]?.count ?? 0;
}

/** The last event of one type of a run; null when there is none. */
export async function lastEvent(client: Queryable, runId: string, type: RunEvent["type"]): Promise<RunEvent | null> {
  const { rows } = await client.query<{ seq: number; at: Date; type: string; data: Record<string, unknown> }>(
    "select seq, at, type, data from run_events where run_id = $1 and type = $2 order by seq desc limit 1",
    [runId, type],
  );
  return rows[0] === undefined ? null : eventFromRow(runId, rows[0]);
}
