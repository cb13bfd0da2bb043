import type { Halt, HaltEvent } from "../run/halt/halt.ts";
import { inTransaction, type Database, type Queryable } from "../store/database.ts";
import { findHalt, haltEvents } from "../store/halts.ts";
import type { DesiredMessage } from "./narrate.ts";
import { wantMessages } from "./store/outbox.ts";
import { renderHalt, renderResumed } from "./views/halt.ts";

/** Halts with events that were not told yet. The outbox takes a halt's id as it takes a run's. */
export async function behindHalts(database: Database): Promise<string[]> {
  const { rows } = await database.query<{ id: string }>(
    `select h.id from halts h left join halt_narration_cursors c on c.halt_id = h.id
      where h.last_seq > coalesce(c.seq, 0) order by h.halted_at`,
  );
  return rows.map((row) => row.id);
}

/**
 * As `narrateRun`: true when something new is wanted. A halt that came from a cluster was typed in no channel: it goes to
 * the channel for operators, where there is one. One that was clicked in the App Home goes there, too, or else to the channel
 * where a run was asked for last: everybody shall know.
 */
export async function narrateHalt(database: Database, id: string, opsChannel: string | undefined): Promise<boolean> {
  return inTransaction(database, async (client) => {
    await client.query("insert into halt_narration_cursors (halt_id) values ($1) on conflict do nothing", [id]);
    const { rows } = await client.query<{ seq: number }>(
      "select seq from halt_narration_cursors where halt_id = $1 for update skip locked",
      [id],
    );
    const cursor = rows[0];
    if (cursor === undefined) return false;
    const events = await haltEvents(client, id);
    const halt = await findHalt(client, id);
    const last = events.at(-1)?.seq ?? 0;
    if (halt === null || last <= cursor.seq) return false;
    const channel = halt.channelId ?? opsChannel ?? (await channelInUse(client, halt)) ?? undefined;
    if (channel !== undefined) await wantMessages(client, id, channel, haltMessages(halt, events));
    await client.query("update halt_narration_cursors set seq = $2 where halt_id = $1", [id, last]);
    return channel !== undefined;
  });
}

async function channelInUse(client: Queryable, { fromCluster, at }: Halt): Promise<string | null> {
  if (fromCluster !== null) return null;
  const { rows } = await client.query<{ channel_id: string }>(
    "select channel_id from runs where created_at <= $1 order by created_at desc limit 1",
    [at],
  );
  return rows[0]?.channel_id ?? null;
}

/** All messages of a halt, from all its events: one that is edited until the last fault is gone, and its end. Pure. */
export function haltMessages(halt: Halt, events: readonly HaltEvent[]): DesiredMessage[] {
  const card: DesiredMessage = {
    key: "card",
    position: 0,
    inThread: false,
    payload: { kind: "message", ...renderHalt(halt, events) },
  };
  return [
    card,
    ...events.flatMap((event): DesiredMessage[] =>
      event.type === "resumed"
        ? [
            {
              key: `event:${event.seq}`,
              position: event.seq,
              inThread: false,
              payload: { kind: "message", ...renderResumed(event) },
            },
          ]
        : [],
    ),
  ];
}
