import type { NewItem } from "./decide/act.ts";
import type { GameDayEventBody } from "./events.ts";
import type { GameDay } from "./state.ts";

/** A game day as somebody plans it. */
export interface GameDayPlan extends Pick<
  GameDay,
  "title" | "plannedFor" | "scope" | "environment" | "rule" | "mayBreak" | "abortWhen"
> {
  items: readonly NewItem[];
}

/** The first events of a game day: who plans it commands it, until somebody else does. Pure. */
export function planEvents(by: string, { items, ...plan }: GameDayPlan): GameDayEventBody[] {
  return [
    { type: "planned", by, ...plan },
    { type: "role-taken", by, user: by, role: "commander", from: null },
    ...items.map((item, at): GameDayEventBody => ({
      type: "item-added",
      by,
      item: { ...item, id: at + 1, isExtra: false },
    })),
  ];
}
