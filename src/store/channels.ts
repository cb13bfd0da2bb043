import type { ChannelSetting, Verbosity } from "../run/channels/verbosity.ts";
import type { Queryable } from "./database.ts";

interface Row {
  verbosity: Verbosity;
  changed_by: string;
  changed_at: Date;
}

const fromRow = ({ verbosity, changed_by: by, changed_at: at }: Row): ChannelSetting => ({
  verbosity,
  by,
  at: at.toISOString(),
});

/** What was set last for a channel; null when nothing was. */
export async function channelSetting(client: Queryable, channelId: string): Promise<ChannelSetting | null> {
  const { rows } = await client.query<Row>(
    "select verbosity, changed_by, changed_at from channel_settings where channel_id = $1 order by id desc limit 1",
    [channelId],
  );
  return rows[0] === undefined ? null : fromRow(rows[0]);
}

export async function insertChannelSetting(
  client: Queryable,
  setting: { channelId: string; verbosity: Verbosity; by: string },
): Promise<ChannelSetting> {
  const { rows } = await client.query<Row>(
    `insert into channel_settings (channel_id, verbosity, changed_by) values ($1, $2, $3)
     returning verbosity, changed_by, changed_at`,
    [setting.channelId, setting.verbosity, setting.by],
  );
  if (rows[0] === undefined) throw new Error("insert into channel_settings returned no row");
  return fromRow(rows[0]);
}
