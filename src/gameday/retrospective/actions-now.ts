import { actionsOfGameDay } from "../../store/actions.ts";
import type { Queryable } from "../../store/database.ts";
import { actionRecord } from "./build.ts";
import type { Retrospective } from "./record.ts";

/**
 * The record with its actions as they are now: most are added from its card, after the game day, and done later. All else
 * of it stays as it was at the end.
 */
export async function withActionsNow(client: Queryable, retro: Retrospective): Promise<Retrospective> {
  const actions = await actionsOfGameDay(client, {
    runIds: retro.items.flatMap(({ run }) => (run === null ? [] : [run])),
    channelId: retro.channelId,
    from: retro.startedAt ?? retro.endedAt,
    until: retro.endedAt,
  });
  return { ...retro, actions: actions.map(actionRecord) };
}
