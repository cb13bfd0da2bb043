import type { Artifact } from "../run/events.ts";
import type { Queryable } from "./database.ts";

/** Game days that began, have ended, and whose retrospective was not made yet. */
export async function withoutRetrospective(client: Queryable): Promise<string[]> {
  const { rows } = await client.query<{ id: string }>(
    `select g.id from game_days g
      where g.phase = 'ended'
        and exists (select 1 from game_day_events e where e.game_day_id = g.id and e.type = 'started')
        and not exists (select 1 from game_day_artifacts a where a.game_day_id = g.id)
      order by g.created_at`,
  );
  return rows.map(({ id }) => id);
}

/** False: another bot has stored it before. */
export async function saveGameDayArtifact(client: Queryable, gameDay: string, artifact: Artifact): Promise<boolean> {
  const { rowCount } = await client.query(
    `insert into game_day_artifacts (game_day_id, name, content_type, bytes) values ($1, $2, $3, $4)
     on conflict do nothing`,
    [gameDay, artifact.name, artifact.contentType, artifact.bytes],
  );
  return rowCount === 1;
}

/** The newest ended game day of a channel that has a retrospective; null: there is none. */
export async function newestRetrospectiveOf(client: Queryable, channelId: string): Promise<string | null> {
  const { rows } = await client.query<{ id: string }>(
    `select g.id from game_days g join game_day_artifacts a on a.game_day_id = g.id and a.name = $2
      where g.channel_id = $1 order by g.created_at desc limit 1`,
    [channelId, retrospectiveRecord],
  );
  return rows[0]?.id ?? null;
}

/** Names of the two files. */
export const retrospectiveRecord = "retrospective.json";
export const retrospectiveText = "retrospective.md";
