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

/** A file of a run, or of a game day: `subject` is the id of either. */
export async function findArtifact(client: Queryable, subject: string, name: string): Promise<Artifact | null> {
  const { rows } = await client.query<{ name: string; content_type: string; bytes: Buffer }>(
    `select name, content_type, bytes from run_artifacts where run_id = $1 and name = $2
     union all select name, content_type, bytes from game_day_artifacts where game_day_id = $1 and name = $2`,
    [subject, name],
  );
  const row = rows[0];
  return row === undefined ? null : { name: row.name, contentType: row.content_type, bytes: row.bytes };
}
