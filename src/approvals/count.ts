import { isAmong, standingOf, type Facts } from "./people.ts";
import type { Rule, Subject } from "./policy.ts";

/** An approval that stands: given, and not taken back. `at` is ISO 8601. */
export interface GivenApproval {
  userId: string;
  /** Of the plan that was approved. */
  digest: string;
  at: string;
}

export interface ApprovalCount {
  /** People whose approval counts, each once, in order. */
  counted: readonly string[];
  /** Those whose approval does not count (any more), and why, for a sentence after their name. */
  dropped: ReadonlyArray<{ userId: string; why: string }>;
}

/**
 * Counts the approvals of one plan by a rule. One person counts once, the requester never, nor does anybody who may not
 * approve now, or of whom that is not known.
 */
export function countApprovals(
  rule: Rule,
  subject: Subject,
  given: readonly GivenApproval[],
  facts: Facts,
  now: Date,
): ApprovalCount {
  const newest = new Map(given.map((approval) => [approval.userId, approval] as const));
  const judged = [...newest.values()].map((approval) => ({
    userId: approval.userId,
    why: whyNot(rule, subject, approval, facts, now),
  }));
  return {
    counted: judged.filter(({ why }) => why === null).map(({ userId }) => userId),
    dropped: judged.flatMap(({ userId, why }) => (why === null ? [] : [{ userId, why }])),
  };
}

function whyNot(rule: Rule, subject: Subject, approval: GivenApproval, facts: Facts, now: Date): string | null {
  const { userId } = approval;
  if (userId === subject.requestedBy) return "asked for it";
  if (subject.plan === null || approval.digest !== subject.plan.digest) return "approved another plan";
  if (now.getTime() > Date.parse(approval.at) + rule.expiresAfterMs) return "approved it too long ago";
  const standing = standingOf(facts, userId);
  if (standing.kind === "refused") return `is ${standingWords[standing.why]}`;
  if (standing.kind === "unknown") return `could not be looked up in Slack (${standing.why})`;
  const { among, unknown } = isAmong(rule.approvers, userId, facts);
  if (among) return null;
  return unknown === null
    ? "is no longer an approver"
    : `could not be found among the approvers, since a user group could not be looked up (${unknown})`;
}

/** After "is" or "are". */
export const standingWords = {
  deactivated: "deactivated in Slack",
  guest: "a guest in this workspace",
  outsider: "of another organisation",
  bot: "a bot",
  nobody: "not known in this workspace",
} as const;
