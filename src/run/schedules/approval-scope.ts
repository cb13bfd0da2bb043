import { createHash } from "node:crypto";
import type { GivenApproval } from "../../approvals/count.ts";
import type { Rule, Subject } from "../../approvals/policy.ts";
import { canonicalJson, type Plan } from "../plan.ts";
import { subjectOf } from "../subject.ts";
import type { Schedule, ScheduleKind } from "./schedule.ts";

/**
 * The decision about standing approvals. Targets are resolved anew at each start, so nobody can approve them months
 * before. An experiment of risk `low` that injects nothing (at most it makes a throw-away instance to restore into)
 * starts by the approval of its schedule. Anything else only asks at its due time: it posts an ordinary request, with
 * the pods of that moment, which somebody must approve and which expires as always.
 */
export function kindFor(plan: Plan): ScheduleKind {
  return plan.risk === "low" && plan.faults.every((fault) => fault.kind === "ScratchPostgres") ? "starts" : "asks";
}

/**
 * SHA-256 of the canonical JSON of a plan without what is resolved at each start: which pods it is about, and how the
 * system looks and is reached. Everything else (parameters, guards, kinds of fault, phases, needed approvals) is what was approved.
 */
export function shapeDigest(plan: Plan): string {
  const { topology: _resolved, primaries: _leading, wayIn: _reached, faults, ...rest } = plan;
  const shape = {
    ...rest,
    faults: faults.map(({ subject: _subject, target: _target, resolved: _found, spec, ...fault }) => {
      const { selector: _selector, target: _pods, ...kept } = spec;
      return { ...fault, spec: kept };
    }),
  };
  return createHash("sha256").update(canonicalJson(shape)).digest("hex");
}

/** A schedule as the policy sees it. What is approved is its plan without the pods. */
export function scheduleSubject(schedule: Schedule): Subject {
  const { id, requestedBy, plan, shapeDigest: digest } = schedule;
  return subjectOf({ id, requestedBy, plan, digest });
}

/**
 * How many must approve a schedule: as many as a run, and somebody else always, also where a run needs nobody: what comes
 * due for months shall have been seen by two.
 */
export function approvalsNeededBy(schedule: Schedule, rule: Pick<Rule, "required">): number {
  return Math.max(1, rule.required, schedule.plan.approvalsNeeded);
}

/**
 * The approvals of a schedule, as they stand. How long they hold is the schedule's own bound (`approvedUntil`), so that
 * they count as given now.
 */
export function approvalsOf(schedule: Schedule, now: Date): GivenApproval[] {
  return schedule.approvedBy.map((userId) => ({ userId, digest: schedule.shapeDigest, at: now.toISOString() }));
}
