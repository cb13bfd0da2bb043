import type { Action, ActionEvent, ActionEventBody, ActionState } from "../../../src/run/actions/action.ts";
import { testAction } from "../../support/actions.ts";

/** What time it is for whoever looks: one of the samples is overdue then. */
export const actionsAt = "2026-12-12T10:00:00.000Z";

const states: readonly ActionState[] = ["open", "done", "dropped"];

/** In every state, overdue and not, with and without what may be missing. */
export const actions: readonly Action[] = states.flatMap((state): Action[] => {
  const closed =
    state === "open" ? {} : { closedBy: "U0CAROL", closedAt: "2026-12-01T10:00:00.000Z", closedWhy: "deployed" };
  return [
    { ...testAction, state, ...closed },
    { ...testAction, id: "action-4", state, ...closed, dueOn: "2027-01-01" },
    { ...testAction, id: "action-5", state, ...closed, dueOn: null, runId: null, experiment: null, finding: null },
  ];
});

const bodies: readonly ActionEventBody[] = [
  {
    type: "added",
    by: "U0ALICE",
    title: "t",
    owner: "U0BOB",
    dueOn: "2026-12-10",
    run: "run-12",
    finding: { id: "f", title: "t" },
  },
  { type: "changed", by: "U0ALICE", title: "t" },
  { type: "changed", by: "U0ALICE", owner: "U0CAROL", dueOn: null },
  { type: "changed", by: "U0ALICE", title: "t", owner: "U0BOB", dueOn: "2026-12-11" },
  { type: "reminded", owner: "U0BOB", dueOn: "2026-12-10" },
  { type: "done", by: "U0BOB", reason: null },
  { type: "dropped", by: "U0BOB", reason: "why" },
];

export const actionEvents: readonly ActionEvent[] = bodies.map((body, at) => ({
  ...body,
  action: "action-3",
  seq: at + 1,
  at: "2026-12-01T10:00:00.000Z",
}));
