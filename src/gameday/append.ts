import { appendGameDayEvents, findGameDay, type StoredGameDay } from "../store/game-days.ts";
import type { Database, Queryable } from "../store/database.ts";
import { inTransaction } from "../store/database.ts";
import type { Act, Decision } from "./decide/act.ts";
import { decide } from "./decide/decide.ts";
import type { GameDayEventBody } from "./events.ts";
import { apply, reduce } from "./reduce.ts";
import type { GameDay } from "./state.ts";

/** A game day from its rows. */
export function gameDayOf({ identity, events }: StoredGameDay): GameDay {
  return reduce(identity, events);
}

/** Null: there is none of that name. */
export async function loadGameDay(client: Queryable, id: string): Promise<GameDay | null> {
  const stored = await findGameDay(client, id);
  return stored === null ? null : gameDayOf(stored);
}

/** Of many who act at once each is behind the others at most; more than that is a mistake of ours. */
const mostTries = 100;

export type Appended =
  | { allowed: true; day: GameDay; events: readonly GameDayEventBody[] }
  | (Decision & { allowed: false });

/**
 * Decides an act from what is stored and appends what it leads to, if nobody has appended since: then it is decided
 * anew, from what they wrote. So nothing is decided from what is not true any more, and nothing twice. `also` writes in
 * the same transaction; when it says no, nothing is written. Rejects when there is no such game day.
 */
export async function appendAct(
  database: Database,
  id: string,
  act: Act,
  also: (client: Queryable) => Promise<boolean> = async () => true,
): Promise<Appended> {
  for (let tried = 0; tried < mostTries; tried += 1) {
    const day = await loadGameDay(database, id);
    if (day === null) throw new Error(`there is no ${id}`);
    const decision = decide(day, act);
    if (!decision.allowed) return decision;
    if (decision.events.length === 0) return { allowed: true, day, events: [] };
    const written = await inTransaction(database, async (client) => {
      const phase = phaseAfter(day, decision.events);
      if (!(await appendGameDayEvents(client, { id, seen: day.seq, phase }, decision.events))) return "behind" as const;
      return (await also(client)) ? ("done" as const) : undo();
    }).catch((error: unknown) => {
      if (error === refusedByCaller) return "refused" as const;
      throw error;
    });
    if (written === "behind") continue;
    const after = (await loadGameDay(database, id)) ?? day;
    return { allowed: true, day: after, events: written === "done" ? decision.events : [] };
  }
  throw new Error(`${id} is appended to all the time`);
}

const refusedByCaller = new Error("refused by the caller");

/** Rolls the transaction back. */
function undo(): never {
  throw refusedByCaller;
}

function phaseAfter(day: GameDay, events: readonly GameDayEventBody[]): GameDay["phase"] {
  return events.reduce<GameDay>(
    (state, event) => apply(state, { ...event, gameDay: day.id, seq: state.seq + 1, at: day.plannedAt }),
    day,
  ).phase;
}
