import type { GivenApproval } from "../approvals/count.ts";
import { redactSecrets } from "../redact.ts";
import type { Queryable } from "./database.ts";

export interface Decision {
  userId: string;
  decision: "approved" | "denied" | "revoked";
  reason: string | null;
  digest: string;
}

/** Records one person's decision, its reason without what looks like a secret; their last one counts. The caller holds the run's lock. */
export async function insertDecision(client: Queryable, runId: string, decision: Decision): Promise<void> {
  const reason = decision.reason === null ? null : redactSecrets(decision.reason);
  await client.query(
    "insert into run_decisions (run_id, user_id, decision, reason, plan_digest) values ($1, $2, $3, $4, $5)",
    [runId, decision.userId, decision.decision, reason, decision.digest],
  );
}

/** Approvals that stand: of each person the last decision, where that is an approval; in the order of giving. */
export async function standingApprovals(client: Queryable, runId: string): Promise<GivenApproval[]> {
  const { rows } = await client.query<{ user_id: string; plan_digest: string; at: Date }>(
    `select user_id, plan_digest, at from (
       select distinct on (user_id) id, user_id, decision, plan_digest, at from run_decisions
        where run_id = $1 order by user_id, id desc) as last
      where decision = 'approved' order by id`,
    [runId],
  );
  return rows.map(({ user_id, plan_digest, at }) => ({
    userId: user_id,
    digest: plan_digest,
    at: at.toISOString(),
  }));
}
