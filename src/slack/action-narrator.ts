import type { Action, ActionEvent } from "../run/actions/action.ts";
import { actionEvents, findAction } from "../store/actions.ts";
import { inTransaction, type Database } from "../store/database.ts";
import { gameDayOfRun } from "../store/game-days.ts";
import { findRun } from "../store/runs.ts";
import type { DesiredMessage } from "./narrate.ts";
import { followActions } from "./retrospective-narrator.ts";
import { wantMessages } from "./store/outbox.ts";
import { renderActionInThread, renderAssigned, renderReminder } from "./views/action-told.ts";

/** Actions with events that were not told yet. The outbox takes an action's id as it takes a run's. */
export async function behindActions(database: Database): Promise<string[]> {
  const { rows } = await database.query<{ id: string }>(
    `select a.id from actions a left join action_narration_cursors c on c.action_id = a.id
      where a.last_seq > coalesce(c.seq, 0) order by a.created_at`,
  );
  return rows.map((row) => row.id);
}

/** As `narrateRun`: true when something new is wanted; false when another narrator has the action. */
export async function narrateAction(database: Database, id: string, command: string): Promise<boolean> {
  return inTransaction(database, async (client) => {
    await client.query("insert into action_narration_cursors (action_id) values ($1) on conflict do nothing", [id]);
    const { rows } = await client.query<{ seq: number }>(
      "select seq from action_narration_cursors where action_id = $1 for update skip locked",
      [id],
    );
    const cursor = rows[0];
    if (cursor === undefined) return false;
    const events = await actionEvents(client, id);
    const action = await findAction(client, id);
    const last = events.at(-1)?.seq ?? 0;
    if (action === null || last <= cursor.seq) return false;
    await wantMessages(client, id, action.owner, messagesToOwners(action, events));
    const run = action.runId === null ? null : await findRun(client, action.runId);
    if (run !== null) await wantMessages(client, run.id, run.channelId, [lineInThread(action)]);
    const gameDay = action.runId === null ? null : await gameDayOfRun(client, action.runId);
    if (gameDay !== null) await followActions(client, gameDay, command);
    await client.query("update action_narration_cursors set seq = $2 where action_id = $1", [id, last]);
    return true;
  });
}

/**
 * One direct message for each time that somebody else gave it to a person, and one when its day has come. A person's id is
 * the channel: `SlackPort` opens the conversation. Pure: the same events give the same messages.
 */
export function messagesToOwners(action: Action, events: readonly ActionEvent[]): DesiredMessage[] {
  return events.flatMap((event): DesiredMessage[] => {
    const to = (owner: string, key: string, said: ReturnType<typeof renderReminder>): DesiredMessage[] => [
      { key, position: event.seq, inThread: false, channelId: owner, payload: { kind: "message", ...said } },
    ];
    if (event.type === "reminded") return to(event.owner, `due:${event.seq}`, renderReminder(action, event));
    if (event.type !== "added" && event.type !== "changed") return [];
    const { owner } = event;
    // What somebody takes upon themselves they know.
    if (owner === undefined || owner === event.by) return [];
    return to(owner, `assigned:${event.seq}`, renderAssigned(action, { ...event, owner }));
  });
}

/** After everything that the run itself says: it waits for what comes before it in the thread, and nothing waits for it. */
const afterTheRun = 1_000_000;

/** In the thread of its run, as it stands. Pure. */
export function lineInThread(action: Action): DesiredMessage {
  return {
    key: action.id,
    position: afterTheRun + Number(action.id.replace(/\D/g, "")),
    inThread: true,
    payload: { kind: "message", ...renderActionInThread(action, "/chaos") },
  };
}
