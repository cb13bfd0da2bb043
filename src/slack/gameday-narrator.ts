import { inTransaction, type Database } from "../store/database.ts";
import { findGameDay } from "../store/game-days.ts";
import { narrateGameDay } from "./narrate-gameday.ts";
import { wantMessages } from "./store/outbox.ts";

/** Game days with events that were not told yet. The outbox takes a game day's id as it takes a run's. */
export async function behindGameDays(database: Database): Promise<string[]> {
  const { rows } = await database.query<{ id: string }>(
    `select g.id from game_days g left join game_day_narration_cursors c on c.game_day_id = g.id
      where g.last_seq > coalesce(c.seq, 0) order by g.created_at`,
  );
  return rows.map((row) => row.id);
}

/** As `narrateRun`: true when something new is wanted; false when another narrator has the game day. */
export async function tellGameDay(database: Database, id: string, command: string): Promise<boolean> {
  return inTransaction(database, async (client) => {
    await client.query("insert into game_day_narration_cursors (game_day_id) values ($1) on conflict do nothing", [id]);
    const { rows } = await client.query<{ seq: number }>(
      "select seq from game_day_narration_cursors where game_day_id = $1 for update skip locked",
      [id],
    );
    const cursor = rows[0];
    if (cursor === undefined) return false;
    const stored = await findGameDay(client, id);
    const last = stored?.events.at(-1)?.seq ?? 0;
    if (stored === null || last <= cursor.seq) return false;
    const { identity, events } = stored;
    await wantMessages(client, id, identity.channelId, narrateGameDay(identity, events, command));
    await client.query("update game_day_narration_cursors set seq = $2 where game_day_id = $1", [id, last]);
    return true;
  });
}
