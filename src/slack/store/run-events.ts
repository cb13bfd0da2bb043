import type { RunEvent } from "../../run/events.ts";
import type { Queryable } from "../../store/database.ts";
import { eventFromRow } from "../../store/events.ts";

/**
 * The events of a run that its thread is made of, in order. Of the probes' status, which comes once a second, only the
 * first (where the live message stands) and the newest (what it says): the others would be read and thrown away.
 */
export async function eventsToTell(client: Queryable, runId: string): Promise<RunEvent[]> {
  const { rows } = await client.query<{ seq: number; at: Date; type: string; data: Record<string, unknown> }>(
    `with probes as (
       select min(seq) as first, max(seq) as newest from run_events where run_id = $1 and type = 'probe-status')
     select e.seq, e.at, e.type, e.data from run_events e, probes
      where e.run_id = $1 and (e.type <> 'probe-status' or e.seq in (probes.first, probes.newest))
      order by e.seq`,
    [runId],
  );
  return rows.map((row) => eventFromRow(runId, row));
}
