import { inTransaction, type Database } from "../store/database.ts";
import { scheduleEvents } from "../store/schedule-events.ts";
import { findSchedule } from "../store/schedules.ts";
import { narrateScheduleEvents } from "./narrate-schedule.ts";
import { wantMessages } from "./store/outbox.ts";

/** Schedules with events that were not told yet. The outbox takes a schedule's id as it takes a run's. */
export async function behindSchedules(database: Database): Promise<string[]> {
  const { rows } = await database.query<{ id: string }>(
    `select s.id from schedules s left join schedule_narration_cursors c on c.schedule_id = s.id
      where s.last_seq > coalesce(c.seq, 0) order by s.created_at`,
  );
  return rows.map((row) => row.id);
}

/** As `narrateRun`: true when something new is wanted; false when another narrator has the schedule. */
export async function narrateSchedule(database: Database, id: string): Promise<boolean> {
  return inTransaction(database, async (client) => {
    await client.query("insert into schedule_narration_cursors (schedule_id) values ($1) on conflict do nothing", [id]);
    const { rows } = await client.query<{ seq: number }>(
      "select seq from schedule_narration_cursors where schedule_id = $1 for update skip locked",
      [id],
    );
    const cursor = rows[0];
    if (cursor === undefined) return false;
    const events = await scheduleEvents(client, id);
    const schedule = await findSchedule(client, id);
    const last = events.at(-1)?.seq ?? 0;
    if (schedule === null || last <= cursor.seq) return false;
    await wantMessages(client, id, schedule.channelId, narrateScheduleEvents(schedule, events));
    await client.query("update schedule_narration_cursors set seq = $2 where schedule_id = $1", [id, last]);
    return true;
  });
}
