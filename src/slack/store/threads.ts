import type { Queryable } from "../../store/database.ts";

/** The run whose card a thread hangs under; null for any other thread. `threadTs`: Slack's id of its first message. */
export async function runOfThread(client: Queryable, channelId: string, threadTs: string): Promise<string | null> {
  const { rows } = await client.query<{ run_id: string }>(
    `select o.run_id from slack_outbox o join runs r on r.id = o.run_id
      where o.channel_id = $1 and o.ts = $2 and o.key = 'card'`,
    [channelId, threadTs],
  );
  return rows[0]?.run_id ?? null;
}
