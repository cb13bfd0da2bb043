import { mayAct, mayApprove, mayDeny, type ApprovalPolicy } from "../../approvals/policy.ts";
import { AftershockError, messageOf } from "../../errors.ts";
import { inTransaction, type Database, type Queryable } from "../../store/database.ts";
import { appendScheduleEvents } from "../../store/schedule-events.ts";
import {
  findSchedule,
  insertSchedule,
  insertScheduleDecision,
  lockSchedule,
  moveSchedule,
  openSchedules,
  setApproval,
} from "../../store/schedules.ts";
import { enforce } from "../create-service.ts";
import type { Actor, RunRequest } from "../service.ts";
import type { Plan } from "../plan.ts";
import { kindFor, shapeDigest } from "./approval-scope.ts";
import { checkTiming, timesAfter, type Timing } from "./cron.ts";
import { scheduleCommand, type Schedule, type ScheduleEventBody } from "./schedule.ts";
import type { ScheduleService } from "./service.ts";

/** A request for a schedule waits this long for its approval: a day, since nothing is urgent about it. */
export const requestExpiresAfterMs = 24 * 3_600_000;

const dayMs = 24 * 3_600_000;

/** The wake-up calls of an active schedule, kept by the queue. */
export interface WakeUpCalls {
  set(id: string, timing: Timing): Promise<void>;
  remove(id: string): Promise<void>;
}

export interface ScheduleServiceOptions {
  database: Database;
  policy: ApprovalPolicy;
  plan: (request: RunRequest) => Promise<{ plan: Plan }>;
  /** May fail: the reconciler sets what is missing. */
  wakeUpCalls: WakeUpCalls;
  now: () => Date;
  log: (message: string, detail?: Record<string, unknown>) => void;
}

/** The ScheduleService on PostgreSQL. Every decision is a compare-and-set under the row's lock, as with runs. */
export function createScheduleService(options: ScheduleServiceOptions): ScheduleService {
  const { database, policy, now } = options;

  const existing = async (client: Queryable, id: string): Promise<Schedule> => {
    const found = await findSchedule(client, normaliseScheduleId(id));
    if (found !== null) return found;
    throw new AftershockError(
      "unknown_schedule",
      `There is no schedule "${id}".`,
      "See the schedules of this channel: /chaos schedules",
    );
  };
  /** Locks the schedule, lets `decide` write, and returns it as it is afterwards. */
  const change = (id: string, decide: (client: Queryable, schedule: Schedule) => Promise<void>): Promise<Schedule> =>
    inTransaction(database, async (client) => {
      const locked = await lockSchedule(client, normaliseScheduleId(id));
      await decide(client, locked ?? (await existing(client, id)));
      return existing(client, id);
    });
  const quietly = (what: string, work: Promise<void>): Promise<void> =>
    work.catch((error: unknown) => options.log(what, { error: messageOf(error) }));

  return {
    request: async (actor, request) => {
      enforce(mayAct(policy, actor));
      const timing = checkTiming(request.pattern, request.timeZone);
      const next = timesAfter(timing, now(), 3);
      requireDueInTime(next[0], request.validForDays, now());
      const { plan } = await options.plan(request.run);
      return inTransaction(database, async (client) => {
        const id = await insertSchedule(client, {
          experiment: plan.experiment,
          cluster: plan.cluster,
          parameters: request.run.parameters,
          profile: request.run.profile ?? null,
          ...timing,
          kind: kindFor(plan),
          plan,
          shapeDigest: shapeDigest(plan),
          teamId: actor.teamId,
          channelId: actor.channelId,
          requestedBy: actor.userId,
          validForDays: request.validForDays,
          runsAllowed: request.runsAllowed,
          createdAt: now(),
          requestExpiresAt: new Date(now().getTime() + requestExpiresAfterMs),
        });
        await appendScheduleEvents(client, id, [{ type: "requested", by: actor.userId, next: next.map(iso) }]);
        return existing(client, id);
      });
    },
    approve: async (actor, id, reason) => {
      const approved = await change(id, (client, schedule) => approve(client, schedule, actor, reason ?? null));
      if (approved.state === "active") {
        await quietly("setting wake-up calls failed", options.wakeUpCalls.set(approved.id, approved));
      }
      return approved;
    },
    deny: (actor, id, reason) =>
      change(id, async (client, schedule) => {
        enforce(mayDeny(policy, actor, schedule));
        requirePending(schedule, now());
        const why = reason ?? null;
        await insertScheduleDecision(client, schedule, { userId: actor.userId, decision: "denied", reason: why });
        await move(client, schedule, "denied", [{ type: "denied", by: actor.userId, reason: why }]);
      }),
    cancel: async (actor, id) => {
      const cancelled = await change(id, async (client, schedule) => {
        enforce(mayAct(policy, actor));
        if (!isOpen(schedule)) throw isOver(schedule);
        await move(client, schedule, "cancelled", [{ type: "cancelled", by: actor.userId }]);
      });
      await quietly("removing wake-up calls failed", options.wakeUpCalls.remove(cancelled.id));
      return cancelled;
    },
    open: (channelId) => openSchedules(database, channelId),
  };

  async function approve(client: Queryable, schedule: Schedule, actor: Actor, reason: string | null): Promise<void> {
    enforce(mayApprove(policy, actor, schedule));
    requirePending(schedule, now());
    const decision = { userId: actor.userId, decision: "approved", reason } as const;
    if (!(await insertScheduleDecision(client, schedule, decision))) {
      throw new AftershockError("not_pending", `You have approved ${schedule.id} already.`, "Somebody else must, too.");
    }
    const given = schedule.approvedBy.length + 1;
    const needed = schedule.plan.approvalsNeeded;
    const approved: ScheduleEventBody = { type: "approved", by: actor.userId, reason, given, needed };
    if (given < needed) return appendScheduleEvents(client, schedule.id, [approved]);
    const next = timesAfter(schedule, now(), 3);
    const until = new Date(now().getTime() + schedule.validForDays * dayMs);
    const [first] = next;
    requireDueInTime(first, schedule.validForDays, now());
    const { runsAllowed: runs } = schedule;
    await move(client, schedule, "active", [
      approved,
      { type: "activated", until: iso(until), runs, next: next.map(iso) },
    ]);
    await setApproval(client, schedule.id, until, first);
  }
}

/** `3` and `schedule-3` are the same schedule. */
export function normaliseScheduleId(typed: string): string {
  const text = typed.trim().toLowerCase();
  return /^\d+$/.test(text) ? `schedule-${text}` : text;
}

/** Moves a schedule under its own lock, with the events that led to it. */
export async function move(
  client: Queryable,
  schedule: Schedule,
  to: Schedule["state"],
  events: readonly ScheduleEventBody[],
): Promise<void> {
  await appendScheduleEvents(client, schedule.id, events);
  if (await moveSchedule(client, { id: schedule.id, from: schedule.state, to })) return;
  throw new Error(`${schedule.id} changed under its own lock`);
}

export function isOpen(schedule: Schedule): boolean {
  return schedule.state === "requested" || schedule.state === "active";
}

function requireDueInTime(first: Date | undefined, validForDays: number, now: Date): asserts first is Date {
  if (first !== undefined && first.getTime() <= now.getTime() + validForDays * dayMs) return;
  throw new AftershockError(
    "bad_parameter",
    `It would not come due within the ${validForDays} days that its approval would hold.`,
    "Name a time that comes sooner, or a longer approval with for=, at most for=366d.",
  );
}

function requirePending(schedule: Schedule, now: Date): void {
  const late = Date.parse(schedule.requestExpiresAt) <= now.getTime();
  if (schedule.state === "requested" && !late) return;
  if (schedule.state === "requested" || schedule.state === "expired") {
    throw new AftershockError(
      "not_pending",
      `The request for ${schedule.id} has expired.`,
      `Ask again: ${scheduleCommand(schedule)}`,
    );
  }
  if (schedule.state !== "active") throw isOver(schedule);
  const approvers = schedule.approvedBy.map((user) => `<@${user}>`).join(", ");
  throw new AftershockError(
    "not_pending",
    `${schedule.id} was approved by ${approvers} and is active.`,
    `End it: /chaos unschedule ${schedule.id}`,
  );
}

function isOver(schedule: Schedule): AftershockError {
  return new AftershockError(
    "not_pending",
    `${schedule.id} is ${schedule.state}.`,
    `Ask again: ${scheduleCommand(schedule)}`,
  );
}

function iso(date: Date): string {
  return date.toISOString();
}
