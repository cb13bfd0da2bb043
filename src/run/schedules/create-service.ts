import type { Act } from "../../approvals/authorise.ts";
import type { Authoriser } from "../../approvals/authoriser.ts";
import { countApprovals } from "../../approvals/count.ts";
import { noFacts, type Facts } from "../../approvals/people.ts";
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
import { enforce } from "../decide.ts";
import { nearHint } from "../near-ids.ts";
import type { Actor, RunRequest } from "../service.ts";
import type { Plan } from "../plan.ts";
import { subjectOf } from "../subject.ts";
import { approvalsNeededBy, approvalsOf, kindFor, scheduleSubject, shapeDigest } from "./approval-scope.ts";
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
  authoriser: Authoriser;
  plan: (request: RunRequest) => Promise<{ plan: Plan }>;
  /** May fail: the reconciler sets what is missing. */
  wakeUpCalls: WakeUpCalls;
  now: () => Date;
  log: (message: string, detail?: Record<string, unknown>) => void;
}

/** The ScheduleService on PostgreSQL. Every decision is a compare-and-set under the row's lock, as with runs. */
export function createScheduleService(options: ScheduleServiceOptions): ScheduleService {
  const { database, authoriser, now } = options;

  const existing = async (client: Queryable, id: string): Promise<Schedule> => {
    const found = await findSchedule(client, normaliseScheduleId(id));
    if (found !== null) return found;
    throw new AftershockError(
      "unknown_schedule",
      `There is no schedule "${id}".`,
      nearHint(
        normaliseScheduleId(id),
        (await openSchedules(client)).map((schedule) => schedule.id),
        "See the schedules of this channel: /chaos schedules",
      ),
    );
  };
  /** Locks the schedule, lets `decide` write, and returns it as it is afterwards. */
  const change = (id: string, decide: (client: Queryable, schedule: Schedule) => Promise<void>): Promise<Schedule> =>
    inTransaction(database, async (client) => {
      const locked = await lockSchedule(client, normaliseScheduleId(id));
      await decide(client, locked ?? (await existing(client, id)));
      return existing(client, id);
    });
  /** As `change`, with what has to be looked up in Slack looked up before, and only if it is allowed. */
  const decide = async (
    act: Act,
    actor: Actor,
    id: string,
    write: (client: Queryable, schedule: Schedule, facts: Facts) => Promise<void>,
  ): Promise<Schedule> => {
    for (;;) {
      const found = await existing(database, id);
      const facts = await authoriser.facts({
        act,
        actor,
        subject: scheduleSubject(found),
        approvals: approvalsOf(found, now()),
      });
      let stale = false;
      const decided = await change(id, async (client, schedule) => {
        // Somebody approved meanwhile, about whom nothing was looked up: look again.
        stale = schedule.approvedBy.length !== found.approvedBy.length;
        if (stale) return;
        enforce(authoriser.judge({ act, actor, subject: scheduleSubject(schedule) }, facts));
        await write(client, schedule, facts);
      });
      if (!stale) return decided;
    }
  };
  const quietly = (what: string, work: Promise<void>): Promise<void> =>
    work.catch((error: unknown) => options.log(what, { error: messageOf(error) }));

  return {
    request: async (actor, request) => {
      const timing = checkTiming(request.pattern, request.timeZone);
      const next = timesAfter(timing, now(), 3);
      requireDueInTime(next[0], request.validForDays, now());
      const { plan } = await options.plan(request.run);
      // What may not be asked for now may not be scheduled now; when it comes due the policy is asked again.
      const subject = subjectOf({ id: null, requestedBy: actor.userId, plan, digest: shapeDigest(plan) });
      enforce(await authoriser.decide({ act: "request", actor, subject }));
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
      const approved = await decide("approve", actor, id, (client, schedule, facts) =>
        approve(client, schedule, { actor, reason: reason ?? null, facts }),
      );
      if (approved.state === "active") {
        await quietly("setting wake-up calls failed", options.wakeUpCalls.set(approved.id, approved));
      }
      return approved;
    },
    deny: (actor, id, reason) =>
      decide("deny", actor, id, async (client, schedule) => {
        requirePending(schedule, now());
        const why = reason ?? null;
        await insertScheduleDecision(client, schedule, { userId: actor.userId, decision: "denied", reason: why });
        await move(client, schedule, "denied", [{ type: "denied", by: actor.userId, reason: why }]);
      }),
    cancel: async (actor, id) => {
      const cancelled = await change(id, async (client, schedule) => {
        enforce(authoriser.judge({ act: "cancel", actor }, noFacts));
        if (!isOpen(schedule)) throw isOver(schedule);
        await move(client, schedule, "cancelled", [{ type: "cancelled", by: actor.userId }]);
      });
      await quietly("removing wake-up calls failed", options.wakeUpCalls.remove(cancelled.id));
      return cancelled;
    },
    open: (channelId) => openSchedules(database, channelId),
  };

  async function approve(
    client: Queryable,
    schedule: Schedule,
    { actor, reason, facts }: { actor: Actor; reason: string | null; facts: Facts },
  ): Promise<void> {
    requirePending(schedule, now());
    const decision = { userId: actor.userId, decision: "approved", reason } as const;
    if (!(await insertScheduleDecision(client, schedule, decision))) {
      throw new AftershockError("not_pending", `You have approved ${schedule.id} already.`, "Somebody else must, too.");
    }
    const subject = scheduleSubject(schedule);
    const rule = authoriser.rule(subject);
    if (rule === null) throw new Error(`${schedule.id} was approved without a rule`);
    const all = approvalsOf({ ...schedule, approvedBy: [...schedule.approvedBy, actor.userId] }, now());
    const given = countApprovals(rule, subject, all, facts, now()).counted.length;
    const needed = approvalsNeededBy(schedule, rule);
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
