import { createHash } from "node:crypto";
import { canonicalJson, type Plan } from "../plan.ts";
import type { ScheduleKind } from "./schedule.ts";

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
 * system looks. Everything else (parameters, guards, kinds of fault, phases, needed approvals) is what was approved.
 */
export function shapeDigest(plan: Plan): string {
  const { topology: _resolved, faults, ...rest } = plan;
  const shape = {
    ...rest,
    faults: faults.map(({ subject: _subject, target: _target, resolved: _found, spec, ...fault }) => {
      const { selector: _selector, target: _pods, ...kept } = spec;
      return { ...fault, spec: kept };
    }),
  };
  return createHash("sha256").update(canonicalJson(shape)).digest("hex");
}
