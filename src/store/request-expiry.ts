import type { Queryable } from "./database.ts";

/**
 * Whether a request's time is over, by the clock that gave it its time: PostgreSQL's. The bot's own clock may be an hour
 * off, and would let a request expire early, or be approved late. False for a run that there is not.
 */
export async function isPastExpiry(client: Queryable, runId: string): Promise<boolean> {
  const { rows } = await client.query<{ past: boolean }>(
    "select expires_at <= clock_timestamp() as past from runs where id = $1",
    [runId],
  );
  return rows[0]?.past ?? false;
}
