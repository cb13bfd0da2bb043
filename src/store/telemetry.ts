import type { RunEvent } from "../run/events.ts";
import type { Queryable } from "./database.ts";
import { eventFromRow } from "./events.ts";

/** Where a run is shown besides Slack. */
export type Sink = "grafana" | "traces";

export interface Wanted {
  sink: Sink;
  key: string;
  payload: object;
}

export interface TelemetryRow {
  id: string;
  runId: string;
  sink: Sink;
  payload: unknown;
  version: number;
  /** Grafana's, once known. */
  remoteId: number | null;
  attempts: number;
}

/** Nothing of a run that ended longer ago is shown any more, and nothing is tried for longer. */
export const shownForMs = 3_600_000;

/** Runs with events that were not looked at yet. */
export async function behindTelemetry(client: Queryable): Promise<string[]> {
  const { rows } = await client.query<{ id: string }>(
    `select r.id from runs r left join telemetry_cursors c on c.run_id = r.id
      where r.last_seq > coalesce(c.seq, 0)
        and (r.ended_at is null or r.ended_at > clock_timestamp() - $1 * interval '1 millisecond')
      order by r.created_at`,
    [shownForMs],
  );
  return rows.map(({ id }) => id);
}

/** Locks the run for this until the transaction ends. False: another process has it. */
export async function lockTelemetry(client: Queryable, runId: string): Promise<boolean> {
  await client.query("insert into telemetry_cursors (run_id) values ($1) on conflict do nothing", [runId]);
  const { rowCount } = await client.query("select 1 from telemetry_cursors where run_id = $1 for update skip locked", [
    runId,
  ]);
  return rowCount === 1;
}

/** How far it is looked at now. */
export async function moveTelemetry(client: Queryable, runId: string, seq: number): Promise<void> {
  await client.query("update telemetry_cursors set seq = $2 where run_id = $1", [runId, seq]);
}

/** Events of the given types, in order, and the number of the run's last event of any type. */
export async function eventsOfTypes(
  client: Queryable,
  runId: string,
  types: readonly RunEvent["type"][],
): Promise<{ events: RunEvent[]; lastSeq: number }> {
  const numbered = await client.query<{ last_seq: number }>("select last_seq from runs where id = $1", [runId]);
  const { rows } = await client.query<{ seq: number; at: Date; type: string; data: Record<string, unknown> }>(
    "select seq, at, type, data from run_events where run_id = $1 and type = any($2) order by seq",
    [runId, types],
  );
  return { events: rows.map((row) => eventFromRow(runId, row)), lastSeq: numbered.rows[0]?.last_seq ?? 0 };
}

/** Makes the outbox say what is wanted: what is new is added, what has changed gets a new version. */
export async function wantTelemetry(client: Queryable, runId: string, wanted: readonly Wanted[]): Promise<void> {
  if (wanted.length === 0) return;
  await client.query(
    `insert into telemetry_outbox as o (run_id, sink, key, payload)
     select $1, row->>'sink', row->>'key', row->'payload' from jsonb_array_elements($2::jsonb) as row
     on conflict (run_id, sink, key) do update
        set payload = excluded.payload, version = o.version + 1, wanted_at = clock_timestamp()
      where o.payload is distinct from excluded.payload`,
    [runId, JSON.stringify(wanted)],
  );
}

/**
 * Claims the next due row. One whose sender was not heard of for `staleMs` comes back; an annotation that it was adding
 * does not: whether it stands there is unknown, and it shall not stand there twice.
 */
export async function claimTelemetry(
  client: Queryable,
  { sinks, staleMs }: { sinks: readonly Sink[]; staleMs: number },
): Promise<TelemetryRow | null> {
  await client.query(
    `update telemetry_outbox set state = 'unknown', claimed_at = null, error = 'its sender was lost'
      where outstanding and state = 'sending' and sink = 'grafana' and remote_id is null
        and claimed_at < clock_timestamp() - $1 * interval '1 millisecond'`,
    [staleMs],
  );
  await client.query(
    `update telemetry_outbox set state = 'failed', claimed_at = null
      where outstanding and claimed_at is null and wanted_at < clock_timestamp() - $1 * interval '1 millisecond'`,
    [shownForMs],
  );
  const { rows } = await client.query<
    Omit<TelemetryRow, "runId" | "remoteId"> & { run_id: string; remote_id: string | null }
  >(
    `update telemetry_outbox o set claimed_at = clock_timestamp(), attempts = attempts + 1,
            state = case when o.state = 'pending' then 'sending' else o.state end
       from (select id from telemetry_outbox
              where outstanding and next_at <= clock_timestamp() and sink = any($1)
                and (claimed_at is null or claimed_at < clock_timestamp() - $2 * interval '1 millisecond')
              order by next_at, id limit 1 for update skip locked) as due
      where o.id = due.id
     returning o.id, o.run_id, o.sink, o.payload, o.version, o.remote_id, o.attempts`,
    [sinks, staleMs],
  );
  const row = rows[0];
  if (row === undefined) return null;
  const { run_id: runId, remote_id: remote, ...rest } = row;
  return { ...rest, runId, remoteId: remote === null ? null : Number(remote) };
}

/** It has this version now. */
export async function telemetrySent(
  client: Queryable,
  { id, version }: Pick<TelemetryRow, "id" | "version">,
  remoteId: number | null,
): Promise<void> {
  await client.query(
    `update telemetry_outbox set state = 'sent', sent_version = $2, remote_id = coalesce($3, remote_id),
            claimed_at = null, attempts = 0, error = null where id = $1`,
    [id, version, remoteId],
  );
}

/** Not now: again after `delayMs`, as nothing was done by this try. */
export async function postponeTelemetry(
  client: Queryable,
  { id, remoteId }: Pick<TelemetryRow, "id" | "remoteId">,
  delayMs: number,
  error: string,
): Promise<void> {
  await client.query(
    `update telemetry_outbox set state = $2, claimed_at = null, error = $4,
            next_at = clock_timestamp() + $3 * interval '1 millisecond' where id = $1`,
    [id, remoteId === null ? "pending" : "sent", delayMs, error],
  );
}

/** Never again: it was refused, or whether it was done is unknown. */
export async function leaveTelemetry(
  client: Queryable,
  { id }: Pick<TelemetryRow, "id">,
  state: "unknown" | "failed",
  error: string,
): Promise<void> {
  await client.query("update telemetry_outbox set state = $2, claimed_at = null, error = $3 where id = $1", [
    id,
    state,
    error,
  ]);
}
