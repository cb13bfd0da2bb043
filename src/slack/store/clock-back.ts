import type { Queryable } from "../../store/database.ts";

/**
 * No time of the outbox lies further ahead: backing off ends at 30 s, and Slack's own waits are of this order
 * (docs.slack.dev, Rate limits: `Retry-After` is counted in seconds).
 */
const furthestAheadMs = 10 * 60_000;

/**
 * After PostgreSQL's clock went back, what was due is due in an hour, and a sender that died holds its row for as long.
 * Times that cannot be meant become now. A claim is never taken in the future, so that any such claim counts from now on.
 */
export async function forgetTimesAhead(client: Queryable): Promise<void> {
  await client.query(
    `update slack_outbox
        set next_at = case when next_at > clock_timestamp() + $1 * interval '1 millisecond' then clock_timestamp()
                           else next_at end,
            -- least() alone would claim what nobody has: it leaves nulls out.
            claimed_at = case when claimed_at is not null then least(claimed_at, clock_timestamp()) end
      where outstanding and (next_at > clock_timestamp() + $1 * interval '1 millisecond'
                             or claimed_at > clock_timestamp() + interval '1 second')`,
    [furthestAheadMs],
  );
  await client.query(
    `update slack_pace
        set paid_until = least(paid_until, clock_timestamp()), paused_until = least(paused_until, clock_timestamp())
      where greatest(paid_until, paused_until) > clock_timestamp() + $1 * interval '1 millisecond'`,
    [furthestAheadMs],
  );
}
