import { decide } from "../../src/gameday/decide/decide.ts";
import type { Act, NewItem } from "../../src/gameday/decide/act.ts";
import type { GameDayEvent, GameDayEventBody } from "../../src/gameday/events.ts";
import { planEvents, type GameDayPlan } from "../../src/gameday/plan.ts";
import { reduce } from "../../src/gameday/reduce.ts";
import type { GameDay } from "../../src/gameday/state.ts";

export const ana = "U0ANA";
export const bob = "U0BOB";
export const cleo = "U0CLEO";
export const dan = "U0DAN";

export const someItem: NewItem = {
  experiment: "redis-split-brain",
  title: "Redis split-brain",
  parameters: { duration: "30s" },
  profile: null,
  cluster: null,
  hypothesis: "No acknowledged write is lost.",
  expect: null,
  mayBreak: null,
  abortWhen: null,
};

export const somePlan: GameDayPlan = {
  title: "Autumn game day",
  plannedFor: "2026-12-01T09:00:00.000Z",
  scope: "caches",
  environment: null,
  rule: "roles",
  mayBreak: null,
  abortWhen: null,
  items: [someItem, { ...someItem, experiment: "etcd-quorum-loss", title: "etcd without quorum" }],
};

/** A game day in memory: what the store does, without PostgreSQL. Times count seconds from its beginning. */
export function playGameDay(plan: GameDayPlan = somePlan, by = ana) {
  const events: GameDayEvent[] = [];
  const append = (bodies: readonly GameDayEventBody[]): void => {
    for (const body of bodies) {
      const seq = events.length + 1;
      events.push({ ...body, gameDay: "gameday-1", seq, at: new Date(Date.UTC(2026, 11, 1, 9, 0, seq)).toISOString() });
    }
  };
  const day = (): GameDay => reduce({ id: "gameday-1", teamId: "T1", channelId: "C1" }, events);
  append(planEvents(by, plan));
  return {
    events,
    day,
    /** What it leads to; a refusal's sentence when it is refused. */
    do: (act: Act): GameDayEventBody[] | string => {
      const decision = decide(day(), act);
      if (!decision.allowed) return decision.message;
      append(decision.events);
      return decision.events;
    },
  };
}

export type Play = ReturnType<typeof playGameDay>;

/** Ana commands, Bob operates, Cleo writes, Dan watches; it is open. */
export function started(plan: GameDayPlan = somePlan): Play {
  const play = playGameDay(plan);
  play.do({ kind: "role", by: bob, user: bob, role: "operator", intent: "take" });
  play.do({ kind: "role", by: cleo, user: cleo, role: "scribe", intent: "take" });
  play.do({ kind: "join", by: dan });
  play.do({ kind: "start", by: ana });
  return play;
}

/** An act with what is not said in it. */
export const acts = {
  next: (by: string, item: number | null = null): Act => ({ kind: "next", by, item }),
  go: (by: string): Act => ({ kind: "vote", by, item: null, vote: "go", reason: null }),
  noGo: (by: string, reason: string | null = null): Act => ({ kind: "vote", by, item: null, vote: "no-go", reason }),
  skip: (by: string, reason: string | null, item: number | null = null): Act => ({ kind: "skip", by, item, reason }),
};
