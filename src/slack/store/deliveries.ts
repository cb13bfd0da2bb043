import type { Queryable } from "../../store/database.ts";

/** True the first time a delivery is seen. Slack may repeat an envelope, and people click twice. */
export async function firstDelivery(client: Queryable, key: string): Promise<boolean> {
  const { rowCount } = await client.query("insert into slack_deliveries (key) values ($1) on conflict do nothing", [
    key,
  ]);
  return rowCount === 1;
}
