import type { ScheduleEvent, ScheduleEventBody } from "../run/schedules/schedule.ts";
import { redactDeep } from "../redact.ts";
import type { Queryable } from "./database.ts";

/** Appends events to a schedule inside the caller's transaction. */
export async function appendScheduleEvents(
  client: Queryable,
  id: string,
  bodies: readonly ScheduleEventBody[],
): Promise<void> {
  if (bodies.length === 0) return;
  await client.query(
    `with numbered as (update schedules set last_seq = last_seq + $2 where id = $1 returning last_seq - $2 as before)
     insert into schedule_events (schedule_id, seq, type, data)
     select $1, before + ordinality, element->>'type', element - 'type'
       from numbered, jsonb_array_elements($3::jsonb) with ordinality as rows (element, ordinality)`,
    [id, bodies.length, JSON.stringify(redactDeep(bodies))],
  );
}

/** All events of a schedule, in order. */
export async function scheduleEvents(client: Queryable, id: string): Promise<ScheduleEvent[]> {
  const { rows } = await client.query<{ seq: number; at: Date; type: string; data: Record<string, unknown> }>(
    "select seq, at, type, data from schedule_events where schedule_id = $1 order by seq",
    [id],
  );
  // Rows are only ever written from a ScheduleEventBody.
  return rows.map(
    ({ seq, at, type, data }) => ({ ...data, type, schedule: id, seq, at: at.toISOString() }) as ScheduleEvent,
  );
}
