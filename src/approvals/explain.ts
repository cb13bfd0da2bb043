import { authorise, type Authorisation, type Person } from "./authorise.ts";
import type { Facts } from "./people.ts";
import { environmentOf, type Policy, type Rule, type Subject } from "./policy.ts";
import { frozenBy, nextFreeze, ruleFor, rulesAtOtherTimes, type Frozen } from "./rules.ts";

/** Why somebody may or may not run something now, as data. */
export interface Explanation {
  subject: Subject;
  environment: string;
  /** Null: no rule allows it now. */
  rule: Rule | null;
  /** Rules that allow it at other times, where none does now. */
  otherTimes: readonly Rule[];
  /** Whether the person may ask for it now. */
  mayAsk: Authorisation;
  /** Whether the person may approve it when somebody else has asked for it. */
  mayApprove: Authorisation;
  frozen: Frozen | null;
  nextFreeze: { name: string; from: Date } | null;
  /** Another run that hits a primary on the same cluster. */
  primaryHitBy: string | null;
  policy: Policy;
}

/** Explains by the very function that decides, so that the words and the decision cannot differ. */
export function explain(
  policy: Policy,
  asked: { actor: Person; subject: Subject; facts: Facts; now: Date; primaryHitBy: string | null },
): Explanation {
  const { actor, subject, facts, now, primaryHitBy } = asked;
  const question = { actor, facts, now, primaryHitBy, approvals: [] };
  const rule = ruleFor(policy, subject, now);
  return {
    subject,
    environment: environmentOf(policy, subject.cluster),
    rule,
    otherTimes: rule === null ? rulesAtOtherTimes(policy, subject) : [],
    mayAsk: authorise(policy, { ...question, act: "request", subject }),
    mayApprove: authorise(policy, { ...question, act: "approve", subject: { ...subject, requestedBy: null } }),
    frozen: frozenBy(policy, subject, now),
    nextFreeze: nextFreeze(policy, subject, now),
    primaryHitBy,
    policy,
  };
}
