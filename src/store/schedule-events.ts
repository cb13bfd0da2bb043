import type { ScheduleEvent, ScheduleEventBody } from "../run/schedules/schedule.ts";
import type { Queryable } from "./database.ts";
import { appendNumbered } from "./numbered-events.ts";

/** Appends events to a schedule inside the caller's transaction. */
export async function appendScheduleEvents(
  client: Queryable,
  id: string,
  bodies: readonly ScheduleEventBody[],
): Promise<void> {
  await appendNumbered(client, "schedule", id, bodies);
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
