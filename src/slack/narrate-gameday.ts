import type { GameDayEvent, RoleName } from "../gameday/events.ts";
import { apply, reduce } from "../gameday/reduce.ts";
import type { GameDay, GameDayIdentity } from "../gameday/state.ts";
import type { DesiredMessage } from "./narrate.ts";
import { renderBoard } from "./views/gameday/board.ts";
import { renderInstructions } from "./views/gameday/instructions.ts";
import { renderGameDayEvent } from "./views/gameday/thread.ts";

/**
 * All messages of a game day, from all its events: the board, a line in its thread for what happened, and to each person
 * what their role does, once. Pure, as `narrate` is for runs.
 */
export function narrateGameDay(
  identity: GameDayIdentity,
  events: readonly GameDayEvent[],
  command: string,
): DesiredMessage[] {
  const [first] = events;
  if (first === undefined) return [];
  let day: GameDay = reduce(identity, [first]);
  const told: DesiredMessage[] = [];
  const instructed = new Set<string>();
  for (const event of events) {
    if (event !== first) day = apply(day, event);
    const message = renderGameDayEvent(day, event, command);
    if (message !== null) {
      told.push({
        key: `event:${event.seq}`,
        position: event.seq,
        inThread: true,
        payload: { kind: "message", ...message },
      });
    }
    const role = roleGiven(event);
    const key = role === null ? "" : `instructions:${role.role}:${role.user}`;
    if (role === null || instructed.has(key)) continue;
    instructed.add(key);
    // Slack takes a person's id for the channel of their direct messages (docs.slack.dev, chat.postMessage).
    told.push({
      key,
      position: event.seq,
      inThread: false,
      channelId: role.user,
      payload: { kind: "message", ...renderInstructions(day, role.role, command) },
    });
  }
  const board: DesiredMessage = {
    key: "card",
    position: 0,
    inThread: false,
    payload: { kind: "message", ...renderBoard(day, command), pin: true },
  };
  return [board, ...told];
}

function roleGiven(event: GameDayEvent): { user: string; role: RoleName } | null {
  if (event.type === "role-taken") return { user: event.user, role: event.role };
  return event.type === "joined" ? { user: event.by, role: "observer" } : null;
}
