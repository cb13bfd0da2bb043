/** Who may approve, from the configuration. Unconfigured means nobody may. */
export interface ApprovalPolicy {
  /** How many different people must approve; at least 1. */
  required: number;
  /** Slack user ids that may approve. */
  approvers: readonly string[];
  expiresAfterMs: number;
  /** The workspace the bot is installed in; people of other organisations in shared channels decide nothing. */
  teamId?: string;
}

export type Authorisation = { allowed: true } | { allowed: false; message: string; hint: string };

const allowed: Authorisation = { allowed: true };

/** Whether a person may approve a run of somebody. One function for command, click and command line; fails closed. */
export function mayApprove(
  policy: ApprovalPolicy,
  actor: { userId: string; teamId: string },
  run: { id: string; requestedBy: string },
): Authorisation {
  const outsider = refuseOutsider(policy, actor);
  if (outsider !== null) return outsider;
  if (actor.userId === run.requestedBy) {
    return {
      allowed: false,
      message: `You asked for ${run.id} yourself, so somebody else must approve it.`,
      hint: `It can be approved by ${nameAll(policy.approvers.filter((id) => id !== run.requestedBy))}.`,
    };
  }
  if (!policy.approvers.includes(actor.userId)) {
    return {
      allowed: false,
      message: `You are not among the approvers of ${run.id}.`,
      hint: `It can be approved by ${nameAll(policy.approvers.filter((id) => id !== run.requestedBy))}.`,
    };
  }
  return allowed;
}

/** Whether a person may deny: an approver, or the requester who thought better of it. */
export function mayDeny(
  policy: ApprovalPolicy,
  actor: { userId: string; teamId: string },
  run: { id: string; requestedBy: string },
): Authorisation {
  if (refuseOutsider(policy, actor) === null && actor.userId === run.requestedBy) return allowed;
  return mayApprove(policy, actor, run);
}

/** Whether a person may ask for a run, or stop one: anybody of the workspace. Stopping must be easy. */
export function mayAct(policy: ApprovalPolicy, actor: { userId: string; teamId: string }): Authorisation {
  return refuseOutsider(policy, actor) ?? allowed;
}

/** Whether a person may stop everything at once: anybody of the workspace. Stopping must be easy. */
export function mayHalt(policy: ApprovalPolicy, actor: { userId: string; teamId: string }): Authorisation {
  return refuseOutsider(policy, actor) ?? allowed;
}

/** Whether a person may let runs start again after a halt: an approver. */
export function mayResume(policy: ApprovalPolicy, actor: { userId: string; teamId: string }): Authorisation {
  const outsider = refuseOutsider(policy, actor);
  if (outsider !== null) return outsider;
  if (policy.approvers.includes(actor.userId)) return allowed;
  return {
    allowed: false,
    message: "You are not among those who may resume after a halt.",
    hint: `Ask ${nameAll(policy.approvers)}.`,
  };
}

function refuseOutsider(policy: ApprovalPolicy, actor: { teamId: string }): Authorisation | null {
  if (policy.teamId === undefined || actor.teamId === policy.teamId) return null;
  return {
    allowed: false,
    message: "Only members of this workspace may do that.",
    hint: "Ask somebody of the workspace that Aftershock is installed in.",
  };
}

function nameAll(userIds: readonly string[]): string {
  return userIds.length === 0 ? "nobody: no approver is configured" : userIds.map((id) => `<@${id}>`).join(", ");
}
