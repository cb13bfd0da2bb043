import type { Queryable } from "../../store/database.ts";

/**
 * True the first time a delivery is seen. Slack may repeat an envelope, and people click twice. Repeats come within
 * minutes (docs.slack.dev, Events API, Retries), so that what is older than a day is forgotten.
 */
export async function firstDelivery(client: Queryable, key: string): Promise<boolean> {
  const { rowCount } = await client.query(
    `with old as (delete from slack_deliveries where at < clock_timestamp() - interval '1 day')
     insert into slack_deliveries (key) values ($1) on conflict do nothing`,
    [key],
  );
  return rowCount === 1;
}
