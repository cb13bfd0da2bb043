import type { GameDayEvent } from "../gameday/events.ts";
import type { GameDay } from "../gameday/state.ts";
import { missingVotes } from "../gameday/vote.ts";
import type { RunEvent } from "../run/events.ts";
import type { Schedule, ScheduleEvent } from "../run/schedules/schedule.ts";
import { mentionsIn } from "./calls.ts";

type EventOf<T extends RunEvent["type"]> = Extract<RunEvent, { type: T }>;
type Decision = EventOf<"approved" | "denied" | "revoked" | "expired" | "approval-void" | "abort-requested">;

/** Approvers whom the policy names, if this needs them: by the request, once. Of a user group nobody is called. */
export function calledByRequest({ plan, policy, schedule }: EventOf<"requested">): string[] {
  const needsThem = plan.approvalsNeeded > 0 && schedule?.kind !== "starts";
  return needsThem ? mentionsIn([policy?.approvers ?? ""]) : [];
}

/** The requester, by what decides it, unless they did that themselves. `requester`: null where a schedule asked. */
export function calledByDecision(event: Decision, requester: string | null): string[] {
  if (requester === null || ("by" in event && event.by === requester)) return [];
  switch (event.type) {
    case "approved":
      return event.schedule === undefined && event.given >= event.needed ? [requester] : [];
    case "denied":
    case "expired":
    case "approval-void":
      return [requester];
    case "revoked":
    case "abort-requested":
      return [];
  }
}

/**
 * The requester, by an end that nothing else tells them of: `before` are the run's events before it. What was decided has told
 * them, a run that was judged does by its findings, and who ended it knows.
 */
export function calledByEnd({ to }: EventOf<"state">, before: readonly RunEvent[], requester: string | null): string[] {
  if (requester === null || (to !== "aborted" && to !== "failed" && to !== "interrupted")) return [];
  const isTold = before.some(({ type }) => type === "judged" || type === "approval-void");
  const ended = before.findLast(
    (event) => event.type === "abort-requested" || event.type === "halted" || event.type === "revoked",
  );
  const endedBy = ended !== undefined && "by" in ended ? ended.by : null;
  return isTold || endedBy === requester ? [] : [requester];
}

/** Who wants a schedule: by what was decided of it, what it could not do, and its end, unless they did that themselves. */
export function calledBySchedule({ requestedBy }: Schedule, event: ScheduleEvent): string[] {
  switch (event.type) {
    case "activated":
    case "expired":
    case "cannot-start":
    case "missed":
    case "ended":
      return [requestedBy];
    case "denied":
    case "cancelled":
      return [requestedBy].filter((id) => id !== event.by);
    case "requested":
    case "approved":
    case "due":
      return [];
  }
}

/**
 * Those who must act now: everybody who is asked whether they are ready, those who vote, and whoever could take over from a
 * commander who is gone. `day` is the game day as it was right after the event.
 */
export function calledByGameDay(day: GameDay, event: GameDayEvent): string[] {
  switch (event.type) {
    case "readiness-asked":
      return day.people.map(({ userId }) => userId).filter((id) => id !== event.by);
    case "item-put": {
      const item = day.items.find(({ id }) => id === event.item);
      return item === undefined ? [] : missingVotes(day, item);
    }
    case "left": {
      const wasCommander = day.former.find(({ userId }) => userId === event.by)?.role === "commander";
      return wasCommander ? day.people.filter(({ role }) => role !== "observer").map(({ userId }) => userId) : [];
    }
    default:
      return [];
  }
}
