import type { Artifact } from "../run/events.ts";
import type { Queryable } from "./database.ts";

/** Stores or replaces a file of a run. */
export async function saveArtifact(client: Queryable, runId: string, artifact: Artifact): Promise<void> {
  await client.query(
    `insert into run_artifacts (run_id, name, content_type, bytes) values ($1, $2, $3, $4)
     on conflict (run_id, name) do update set content_type = excluded.content_type, bytes = excluded.bytes`,
    [runId, artifact.name, artifact.contentType, artifact.bytes],
  );
}

export async function findArtifact(client: Queryable, runId: string, name: string): Promise<Artifact | null> {
  const { rows } = await client.query<{ name: string; content_type: string; bytes: Buffer }>(
    "select name, content_type, bytes from run_artifacts where run_id = $1 and name = $2",
    [runId, name],
  );
  const row = rows[0];
  return row === undefined ? null : { name: row.name, contentType: row.content_type, bytes: row.bytes };
}

/** Every file of a run, by name. */
export async function artifactsOf(client: Queryable, runId: string): Promise<Artifact[]> {
  const { rows } = await client.query<{ name: string; content_type: string; bytes: Buffer }>(
    "select name, content_type, bytes from run_artifacts where run_id = $1 order by name",
    [runId],
  );
  return rows.map((row) => ({ name: row.name, contentType: row.content_type, bytes: row.bytes }));
}

/** Runs that have files and are over, the newest first, of a channel or of all. */
export async function runsWithFiles(
  client: Queryable,
  limit: number,
  channelId?: string,
): Promise<Array<{ id: string; experiment: string }>> {
  const { rows } = await client.query<{ id: string; experiment: string }>(
    `select r.id, r.experiment from runs r
      where r.ended_at is not null and ($2::text is null or r.channel_id = $2)
        and exists (select 1 from run_artifacts a where a.run_id = r.id)
      order by r.created_at desc limit $1`,
    [limit, channelId ?? null],
  );
  return rows;
}
