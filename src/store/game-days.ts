import {
  eventVersion,
  gameDayEventBody,
  readEvent,
  type GameDayEvent,
  type GameDayEventBody,
} from "../gameday/events.ts";
import type { GameDayIdentity, Phase } from "../gameday/state.ts";
import type { RunState } from "../run/lifecycle.ts";
import { redactDeep } from "../redact.ts";
import type { Queryable } from "./database.ts";

/** A game day as it is stored: where it is, and everything that happened in it. */
export interface StoredGameDay {
  identity: GameDayIdentity;
  events: GameDayEvent[];
}

interface Row {
  id: string;
  team_id: string;
  channel_id: string;
}

/** A new one, without any event yet. Violates `one_open_game_day_per_channel` where one is open. */
export async function insertGameDay(
  client: Queryable,
  where: Pick<GameDayIdentity, "teamId" | "channelId">,
): Promise<string> {
  const { rows } = await client.query<{ id: string }>(
    "insert into game_days (team_id, channel_id) values ($1, $2) returning id",
    [where.teamId, where.channelId],
  );
  const id = rows[0]?.id;
  if (id === undefined) throw new Error("insert into game_days returned no row");
  return id;
}

/**
 * Appends events to what somebody has seen up to `seen`, without what looks like a secret. False: somebody else has
 * appended since, and nothing is written. Throws ZodError for what no event may hold, which is a mistake of ours. `phase` is what the game day is in after them.
 */
export async function appendGameDayEvents(
  client: Queryable,
  to: { id: string; seen: number; phase: Phase },
  bodies: readonly GameDayEventBody[],
): Promise<boolean> {
  // What could not be read again would be decided about again, for ever.
  for (const body of bodies) gameDayEventBody.parse(body);
  const { rowCount } = await client.query(
    `with numbered as (
       update game_days set last_seq = last_seq + $3, phase = $4 where id = $1 and last_seq = $2 returning id)
     insert into game_day_events (game_day_id, seq, version, type, data)
     select numbered.id, $2::int + ordinality, $5, element->>'type', element - 'type'
       from numbered, jsonb_array_elements($6::jsonb) with ordinality as rows (element, ordinality)`,
    [to.id, to.seen, bodies.length, to.phase, eventVersion, JSON.stringify(redactDeep(bodies))],
  );
  return rowCount === bodies.length;
}

/** Null: there is none of that name. */
export async function findGameDay(client: Queryable, id: string): Promise<StoredGameDay | null> {
  const { rows } = await client.query<Row>("select id, team_id, channel_id from game_days where id = $1", [id]);
  const [row] = rows;
  if (row === undefined) return null;
  const identity = { id: row.id, teamId: row.team_id, channelId: row.channel_id };
  return { identity, events: await gameDayEvents(client, id) };
}

/** All events of a game day, in order. */
export async function gameDayEvents(client: Queryable, id: string): Promise<GameDayEvent[]> {
  const { rows } = await client.query<{ seq: number; at: Date; version: number; type: string; data: unknown }>(
    "select seq, at, version, type, data from game_day_events where game_day_id = $1 order by seq",
    [id],
  );
  return rows.map((row) => readEvent({ ...row, gameDay: id, at: row.at.toISOString() }));
}

/** The one that has not ended in a channel; null: none. */
export async function openGameDayOf(client: Queryable, channelId: string): Promise<string | null> {
  const { rows } = await client.query<{ id: string }>(
    "select id from game_days where channel_id = $1 and phase <> 'ended'",
    [channelId],
  );
  return rows[0]?.id ?? null;
}

/** The newest of a channel, open or ended; null: there never was one. */
export async function newestGameDayOf(client: Queryable, channelId: string): Promise<string | null> {
  const { rows } = await client.query<{ id: string }>(
    "select id from game_days where channel_id = $1 order by created_at desc limit 1",
    [channelId],
  );
  return rows[0]?.id ?? null;
}

/** Those that have started and not ended, in all channels. */
export async function startedGameDays(client: Queryable): Promise<string[]> {
  const { rows } = await client.query<{ id: string }>(
    "select id from game_days where phase in ('open', 'paused', 'halted') order by created_at",
  );
  return rows.map(({ id }) => id);
}

/** Those that have not ended, in all channels. */
export async function openGameDays(client: Queryable): Promise<string[]> {
  const { rows } = await client.query<{ id: string }>(
    "select id from game_days where phase <> 'ended' order by created_at",
  );
  return rows.map(({ id }) => id);
}

/** The newest of all channels, to find the one that was meant. */
export async function newestGameDayIds(client: Queryable): Promise<string[]> {
  const { rows } = await client.query<{ id: string }>("select id from game_days order by created_at desc limit 50");
  return rows.map(({ id }) => id);
}

/**
 * Says, in the transaction that asks for it, that a run is the run of an item. False: the game day is not open, so that
 * nothing may be asked for in its name. Violates `game_day_runs_game_day_id_item_key` when the item has one.
 */
export async function linkItemRun(
  client: Queryable,
  link: { run: string; gameDay: string; item: number },
): Promise<boolean> {
  const { rowCount } = await client.query(
    `insert into game_day_runs (run_id, game_day_id, item)
     select $1, id, $3 from game_days where id = $2 and phase = 'open' for share`,
    [link.run, link.gameDay, link.item],
  );
  return rowCount === 1;
}

/** Says that a run of the channel belongs to a game day though it is not of its agenda. False: it belongs to one already. */
export async function linkOtherRun(client: Queryable, run: string, gameDay: string): Promise<boolean> {
  const { rowCount } = await client.query(
    "insert into game_day_runs (run_id, game_day_id) values ($1, $2) on conflict do nothing",
    [run, gameDay],
  );
  return rowCount === 1;
}

/** A run that belongs to a game day, as it is now. */
export interface LinkedRun {
  run: string;
  /** Null: it is not of the agenda. */
  item: number | null;
  state: RunState;
}

export async function linkedRuns(client: Queryable, gameDay: string): Promise<LinkedRun[]> {
  const { rows } = await client.query<LinkedRun>(
    `select l.run_id as run, l.item, r.state from game_day_runs l join runs r on r.id = l.run_id
      where l.game_day_id = $1 order by r.created_at`,
    [gameDay],
  );
  return rows;
}

/** Runs of the channel that were asked for since it started and belong to none yet. */
export async function unlinkedRuns(client: Queryable, gameDay: string): Promise<string[]> {
  const { rows } = await client.query<{ id: string }>(
    `select r.id from game_days g
       join game_day_events s on s.game_day_id = g.id and s.type = 'started'
       join runs r on r.channel_id = g.channel_id and r.created_at >= s.at
       left join game_day_runs l on l.run_id = r.id
      where g.id = $1 and g.phase <> 'ended' and l.run_id is null order by r.created_at`,
    [gameDay],
  );
  return rows.map(({ id }) => id);
}

/** The game day that a run belongs to; null: none. */
export async function gameDayOfRun(client: Queryable, run: string): Promise<string | null> {
  const { rows } = await client.query<{ game_day_id: string }>(
    "select game_day_id from game_day_runs where run_id = $1",
    [run],
  );
  return rows[0]?.game_day_id ?? null;
}
