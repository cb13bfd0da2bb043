import type { RunState } from "../run/lifecycle.ts";
import type { Queryable } from "./database.ts";

/**
 * No lease is longer. One that ends later than this from now was taken before PostgreSQL's clock was put back, and counts
 * as over: its owner, if it lives, has a second to renew it, and a dead one must not hold a fault for as long as the jump.
 */
export const longestLeaseMs = 10 * 60_000;

const isOver = `(lease_until is null or lease_until < clock_timestamp()
            or lease_until > clock_timestamp() + interval '${longestLeaseMs + 1000} milliseconds')`;

/**
 * Ownership of a run: a lease in the runs row with a fencing number that rises at each take-over. All times are the
 * database's own clock, so that a worker with a wrong clock owns nothing wrongly.
 */
export async function takeLease(
  client: Queryable,
  claim: { runId: string; owner: string; states: readonly RunState[]; leaseMs: number },
): Promise<{ fence: number; state: RunState } | null> {
  const { rows } = await client.query<{ lease_fence: number; state: RunState }>(
    `update runs set lease_owner = $2, lease_fence = lease_fence + 1,
            lease_until = clock_timestamp() + least($4, ${longestLeaseMs}) * interval '1 millisecond'
      where id = $1 and state = any($3) and ${isOver}
      returning lease_fence, state`,
    [claim.runId, claim.owner, claim.states, claim.leaseMs],
  );
  const row = rows[0];
  return row === undefined ? null : { fence: row.lease_fence, state: row.state };
}

/** False: the lease is somebody else's now, or has run out; the caller must stop and touch nothing. */
export async function renewLease(
  client: Queryable,
  lease: { runId: string; fence: number; leaseMs: number },
): Promise<boolean> {
  const { rowCount } = await client.query(
    `update runs set lease_until = clock_timestamp() + least($3, ${longestLeaseMs}) * interval '1 millisecond'
      where id = $1 and lease_fence = $2 and lease_until > clock_timestamp()`,
    [lease.runId, lease.fence, lease.leaseMs],
  );
  return rowCount === 1;
}

/** Started runs whose owner has not renewed in time: their worker died, hangs, or cannot reach the database. */
export async function ownerlessRuns(client: Queryable, states: readonly RunState[]): Promise<string[]> {
  const { rows } = await client.query<{ id: string }>(`select id from runs where state = any($1) and ${isOver}`, [
    states,
  ]);
  return rows.map((row) => row.id);
}
