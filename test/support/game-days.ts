import type { GameDayService } from "../../src/gameday/service.ts";

/** A double for tests that are about something else: there is no game day, and none can be planned. */
export const noGameDays: GameDayService = {
  plan: async () => never(),
  add: async () => never(),
  act: async () => never(),
  halted: async () => null,
  open: async () => null,
  find: async () => never(),
  retrospective: async () => null,
};

function never(): never {
  throw new Error("this test has no game days");
}
