import type { Queryable } from "./database.ts";

export interface Decision {
  userId: string;
  decision: "approved" | "denied";
  reason: string | null;
  digest: string;
}

/** Records one person's decision; false when that person has decided already. */
export async function insertDecision(client: Queryable, runId: string, decision: Decision): Promise<boolean> {
  const { rowCount } = await client.query(
    `insert into run_decisions (run_id, user_id, decision, reason, plan_digest) values ($1, $2, $3, $4, $5)
     on conflict do nothing`,
    [runId, decision.userId, decision.decision, decision.reason, decision.digest],
  );
  return rowCount === 1;
}

/** Approvals that were given for exactly this digest. */
export async function approvals(client: Queryable, runId: string, digest: string): Promise<string[]> {
  const { rows } = await client.query<{ user_id: string }>(
    "select user_id from run_decisions where run_id = $1 and decision = 'approved' and plan_digest = $2 order by at",
    [runId, digest],
  );
  return rows.map((row) => row.user_id);
}
