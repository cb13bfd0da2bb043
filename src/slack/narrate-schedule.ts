import type { Schedule, ScheduleEvent } from "../run/schedules/schedule.ts";
import type { DesiredMessage } from "./narrate.ts";
import { calledBySchedule } from "./who-is-called.ts";
import { renderScheduleCard } from "./views/schedule-card.ts";
import { renderScheduleEvent, renderScheduleRequest } from "./views/schedule-thread.ts";

/** What people must see is said in the channel itself; the rest, a start as planned too, in the card's thread. */
const loud: ReadonlySet<ScheduleEvent["type"]> = new Set(["cannot-start", "missed", "ended"]);

/** All messages of a schedule, from all its events. Pure, as `narrate` is for runs. */
export function narrateScheduleEvents(schedule: Schedule, events: readonly ScheduleEvent[]): DesiredMessage[] {
  const told = events.flatMap((event): DesiredMessage[] => {
    const calls = calledBySchedule(schedule, event);
    const message =
      event.type === "requested" ? renderScheduleRequest(schedule, event) : renderScheduleEvent(schedule, event, calls);
    if (message === null) return [];
    const payload = { kind: "message", ...message, ...(calls.length === 0 ? {} : { calls }) } as const;
    return [{ key: `event:${event.seq}`, position: event.seq, inThread: !loud.has(event.type), payload }];
  });
  const card = { kind: "message", ...renderScheduleCard(schedule) } as const;
  return [{ key: "card", position: 0, inThread: false, payload: card }, ...told];
}
