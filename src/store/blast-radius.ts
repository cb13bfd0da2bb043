import type { RunState } from "../run/lifecycle.ts";
import type { Queryable } from "./database.ts";

/**
 * Lets one transaction at a time decide about a cluster's blast radius; held until the transaction ends. It is taken
 * after the run's own row, by everybody, so that no two wait for each other.
 */
export async function lockBlastRadius(client: Queryable, cluster: string): Promise<void> {
  await client.query("select pg_advisory_xact_lock(hashtextextended('blast radius of ' || $1, 0))", [cluster]);
}

/**
 * Another run on the cluster, in one of `states`, whose plan hits a primary. A plan from before primaries were noted in
 * it hits one with any fault.
 */
export async function otherPrimary(
  client: Queryable,
  wanted: { cluster: string; exceptRunId: string | null; states: readonly RunState[] },
): Promise<string | null> {
  const { rows } = await client.query<{ id: string }>(
    `select id from runs where cluster = $1 and id is distinct from $2 and state = any($3)
        and jsonb_array_length(coalesce(plan->'primaries', plan->'faults')) > 0
      order by created_at limit 1`,
    [wanted.cluster, wanted.exceptRunId, wanted.states],
  );
  return rows[0]?.id ?? null;
}
