import type { Action } from "../../src/run/actions/action.ts";
import type { ActionService } from "../../src/run/actions/service.ts";

export const testAction: Action = {
  id: "action-3",
  state: "open",
  title: "Set min-replicas-to-write to 1",
  owner: "U0BOB",
  dueOn: "2026-12-10",
  runId: "run-12",
  experiment: "redis-split-brain",
  finding: { id: "redis.lost-acknowledged-writes", title: "14 of 26 acknowledged writes were lost" },
  createdBy: "U0ALICE",
  createdAt: "2026-11-24T10:00:00.000Z",
  teamId: "T1",
  channelId: "C1",
  closedBy: null,
  closedAt: null,
  closedWhy: null,
};

const none = async (): Promise<never> => {
  throw new Error("not scripted");
};

/** Test double: nothing is to be done. */
export const noActions: ActionService = {
  open: async () => ({ actions: [], count: 0, at: "2026-11-24T10:00:00.000Z" }),
  find: none,
  findings: none,
  add: none,
  change: none,
  done: none,
  drop: none,
};
