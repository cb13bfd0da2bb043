import type { Retrospective } from "../gameday/retrospective/record.ts";
import { withActionsNow } from "../gameday/retrospective/actions-now.ts";
import { readRetrospective } from "../gameday/retrospective/make.ts";
import { inTransaction, type Database, type Queryable } from "../store/database.ts";
import { retrospectiveRecord, retrospectiveText } from "../store/retrospectives.ts";
import type { DesiredMessage } from "./narrate.ts";
import { wantMessages } from "./store/outbox.ts";
import { renderRetrospective } from "./views/gameday/retrospective.ts";

/** Game days whose retrospective was stored and not told yet. */
export async function behindRetrospectives(database: Database): Promise<string[]> {
  const { rows } = await database.query<{ id: string }>(
    `select a.game_day_id as id from game_day_artifacts a
      where a.name = $1 and not exists (
        select 1 from slack_outbox o where o.run_id = a.game_day_id and o.key = $2)`,
    [retrospectiveRecord, messageKey],
  );
  return rows.map(({ id }) => id);
}

/** Hands it to the outbox; several bots hand over the same messages, which stand there once. */
export async function tellRetrospective(database: Database, gameDay: string, command: string): Promise<boolean> {
  return inTransaction(database, async (client) => {
    const retro = await readRetrospective(client, gameDay);
    if (retro === null) return false;
    const messages = retrospectiveMessages(await withActionsNow(client, retro), command);
    await wantMessages(client, gameDay, retro.channelId, messages);
    return true;
  });
}

/** The card anew, after an action of one of the game day's runs was added or changed; nothing where there is none yet. */
export async function followActions(client: Queryable, gameDay: string, command: string): Promise<void> {
  const retro = await readRetrospective(client, gameDay);
  if (retro === null) return;
  const [card] = retrospectiveMessages(await withActionsNow(client, retro), command);
  if (card !== undefined) await wantMessages(client, gameDay, retro.channelId, [card]);
}

const messageKey = "retrospective";
/** After everything else in the thread of the board. */
const afterTheGameDay = 1_000_000;

/** The card in the channel itself, the file in the board's thread, and of the file a canvas where there can be one. Pure. */
export function retrospectiveMessages(retro: Retrospective, command: string): DesiredMessage[] {
  return [
    {
      key: messageKey,
      position: afterTheGameDay,
      inThread: false,
      payload: { kind: "message", ...renderRetrospective(retro, command) },
    },
    {
      key: `${messageKey}:file`,
      position: afterTheGameDay + 1,
      inThread: true,
      payload: {
        kind: "files",
        comment: `Retrospective of ${retro.gameDay}, with its timeline and notes`,
        files: [{ name: retrospectiveText }],
        canvas: { title: `Retrospective: ${retro.title}`.slice(0, longestTitle), file: retrospectiveText },
      },
    },
  ];
}

const longestTitle = 120;
