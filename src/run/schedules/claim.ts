import { inTransaction, type Queryable } from "../../store/database.ts";
import { appendScheduleEvents } from "../../store/schedule-events.ts";
import { claimDueTime, finishStart, lockSchedule, reclaimStart } from "../../store/schedules.ts";
import { move } from "./create-service.ts";
import { timesAfter, timesBetween } from "./cron.ts";
import type { DueDeps } from "./due.ts";
import { scheduleCommand, type Schedule, type ScheduleEventBody } from "./schedule.ts";

/** A due time that was missed is started late while it is younger than this, since due times are an hour apart. */
export const lateBoundMs = 3_600_000;

/** A start that takes longer has lost its worker: planning gives up after 40 s. */
const startTimeoutMs = 120_000;

/** One due time, given to one worker. */
export interface Claim {
  schedule: Schedule;
  dueAt: Date;
  fence: number;
}

/**
 * What a schedule's row says is to be done now. Names due times that passed while nobody worked, ends a schedule whose
 * approval is over, and returns the due time to start, if there is one and nobody else has it.
 */
export function claim(deps: Pick<DueDeps, "database" | "now">, id: string): Promise<Claim | null> {
  return inTransaction(deps.database, async (client) => {
    const schedule = await lockSchedule(client, id);
    if (schedule?.state !== "active") return null;
    const now = deps.now();
    if (schedule.startingAt !== null) return takeOver(client, schedule, new Date(schedule.startingAt), now);
    const { nextDueAt } = schedule;
    if (nextDueAt === null || Date.parse(nextDueAt) > now.getTime()) {
      if (isOver(schedule, now)) await end(client, schedule, overReason(schedule));
      return null;
    }
    return takeDueTime(client, schedule, nextDueAt, now);
  });
}

async function takeDueTime(client: Queryable, schedule: Schedule, nextDueAt: string, now: Date): Promise<Claim | null> {
  const until = new Date(schedule.approvedUntil ?? 0);
  const times = timesBetween(schedule, new Date(nextDueAt), now).filter((time) => time < until);
  const last = times.at(-1);
  // Nothing starts after the approval is over, however late its time was.
  const startable = last !== undefined && now < until && now.getTime() - last.getTime() < lateBoundMs;
  const missed = startable ? times.slice(0, -1) : times;
  const startingAt = startable ? last : null;
  const next = timesAfter(schedule, now, 1)[0] ?? null;
  const fence = await claimDueTime(client, { id: schedule.id, dueAt: nextDueAt, startingAt, nextDueAt: next, now });
  if (fence === null) return null;
  await appendScheduleEvents(client, schedule.id, missedEvents(missed));
  if (startingAt !== null) return { schedule, dueAt: startingAt, fence };
  if (now >= until) await end(client, schedule, overReason(schedule));
  return null;
}

/** A worker that vanished while it started a run started none: the run and the end of the start are one transaction. */
async function takeOver(client: Queryable, schedule: Schedule, dueAt: Date, now: Date): Promise<Claim | null> {
  if (schedule.claimedAt !== null && now.getTime() - Date.parse(schedule.claimedAt) < startTimeoutMs) return null;
  const fence = await reclaimStart(client, { id: schedule.id, fence: schedule.claimFence, now });
  if (fence === null) return null;
  if (now.getTime() - dueAt.getTime() < lateBoundMs) return { schedule, dueAt, fence };
  await finishStart(client, { id: schedule.id, fence, problem: "missed: its worker vanished" });
  await appendScheduleEvents(client, schedule.id, missedEvents([dueAt]));
  return null;
}

/** Ends a schedule under its own lock, saying why. */
export function end(client: Queryable, schedule: Schedule, reason: string): Promise<void> {
  return move(client, schedule, "ended", [
    { type: "ended", reason: `${reason} Ask again: ${scheduleCommand(schedule)}` },
  ]);
}

/** True when nothing may start now. */
export function isApprovalOver(schedule: Schedule, now: Date): boolean {
  return schedule.runsUsed >= schedule.runsAllowed || now.getTime() >= Date.parse(schedule.approvedUntil ?? "");
}

/** True when nothing can start any more: also when the next time comes after the approval. */
export function isOver(schedule: Schedule, now: Date): boolean {
  const { nextDueAt, approvedUntil } = schedule;
  return (
    isApprovalOver(schedule, now) || nextDueAt === null || Date.parse(nextDueAt) >= Date.parse(approvedUntil ?? "")
  );
}

/** Why nothing can start (any more), in a sentence. */
export function overReason(schedule: Schedule): string {
  return schedule.runsUsed >= schedule.runsAllowed
    ? `All runs of its approval are used: ${schedule.runsUsed} of ${schedule.runsAllowed}.`
    : `Its approval is until ${(schedule.approvedUntil ?? "").slice(0, 16).replace("T", " ")} UTC, and its next time is not before that.`;
}

function missedEvents(times: readonly Date[]): ScheduleEventBody[] {
  const [first] = times;
  const last = times.at(-1);
  if (first === undefined || last === undefined) return [];
  return [{ type: "missed", count: times.length, first: first.toISOString(), last: last.toISOString() }];
}
