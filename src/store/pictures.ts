import type { Picture, PictureOf } from "../run/past/picture.ts";
import type { Queryable } from "./database.ts";

/** The name of every drawn picture, as Slack shows it. */
export const pictureName = "history.png";

/** Notes a picture that is wanted; its id. */
export async function appendPicture(
  client: Queryable,
  { of, askedBy, teamId, channelId }: Omit<Picture, "id" | "at">,
): Promise<string> {
  const { rows } = await client.query<{ id: string }>(
    "insert into pictures (of, asked_by, team_id, channel_id) values ($1, $2, $3, $4) returning id",
    [JSON.stringify(of), askedBy, teamId, channelId],
  );
  const [row] = rows;
  if (row === undefined) throw new Error("the picture was not noted");
  return row.id;
}

/** Pictures that were not drawn yet, the oldest first. */
export async function undrawnPictures(client: Queryable, atMost: number): Promise<Picture[]> {
  const { rows } = await client.query<{
    id: string;
    of: PictureOf;
    asked_by: string;
    team_id: string;
    channel_id: string;
    at: Date;
  }>(
    `select p.id, p.of, p.asked_by, p.team_id, p.channel_id, p.at from pictures p
      where not exists (select 1 from drawn_pictures d where d.picture_id = p.id) order by p.at limit $1`,
    [atMost],
  );
  return rows.map((row) => ({
    id: row.id,
    of: row.of,
    askedBy: row.asked_by,
    teamId: row.team_id,
    channelId: row.channel_id,
    at: row.at.toISOString(),
  }));
}

/** True when this call noted it first; another bot may have drawn it beside. `bytes` null: it could not be drawn. */
export async function notePictureDrawn(client: Queryable, id: string, bytes: Buffer | null): Promise<boolean> {
  const { rowCount } = await client.query(
    "insert into drawn_pictures (picture_id, bytes) values ($1, $2) on conflict do nothing",
    [id, bytes],
  );
  return rowCount === 1;
}
