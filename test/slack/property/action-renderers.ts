import type { Action } from "../../../src/run/actions/action.ts";
import type { OpenActions } from "../../../src/run/actions/service.ts";
import { lineInThread, messagesToOwners } from "../../../src/slack/action-narrator.ts";
import * as form from "../../../src/slack/views/action-form.ts";
import * as told from "../../../src/slack/views/action-told.ts";
import * as views from "../../../src/slack/views/actions.ts";
import { buttonRow } from "../../../src/slack/views/button.ts";
import { actionsAt } from "./action-samples.ts";
import type { Entry, Hostile } from "./renderers.ts";

const lists = ({ actions }: Hostile): OpenActions[] => [
  { actions: [], count: 0, at: actionsAt },
  { actions: [...actions, ...actions], count: 400, at: actionsAt },
];
const each = ({ actions }: Hostile, say: (action: Action) => ReturnType<Exclude<Entry, string>>) => actions.map(say);

/** What is said of actions: lists, forms, messages to owners. */
export const actionRenderers: Readonly<Record<string, Readonly<Record<string, Entry>>>> = {
  "views/actions.ts": {
    actionLine: (given) => each(given, (action) => views.actionLine(action, actionsAt)),
    actionButtons: (given) => each(given, (action) => buttonRow("b", views.actionButtons(action))),
    actionRow: (given) => each(given, views.actionRow),
    actionBlocks: (given) => lists(given).flatMap(views.actionBlocks),
    homeActions: (given) => lists(given).flatMap((mine) => views.homeActions(mine, 500, "/chaos")),
    renderActions: (given) =>
      lists(given).flatMap((open) => [
        views.renderActions(open, "here", "/chaos"),
        views.renderActions(open, "everywhere", "/chaos"),
      ]),
    renderAction: (given) =>
      each(given, (action) => views.renderAction({ action, events: given.actionEvents, at: actionsAt }, "/chaos")),
    openActionBlocks: ({ actions }) => [
      ...views.openActionBlocks([], "/chaos"),
      ...views.openActionBlocks(actions, "/chaos"),
    ],
  },
  "views/action-told.ts": {
    renderAssigned: (given) =>
      given.actionEvents.flatMap((event) =>
        (event.type === "added" || event.type === "changed") && event.owner !== undefined
          ? each(given, (action) => told.renderAssigned(action, { ...event, owner: event.owner ?? "" }))
          : [],
      ),
    renderReminder: (given) =>
      given.actionEvents.flatMap((event) =>
        event.type === "reminded" ? each(given, (action) => told.renderReminder(action, event)) : [],
      ),
    renderActionInThread: (given) => each(given, (action) => told.renderActionInThread(action, "/chaos")),
  },
  "views/action-form.ts": {
    actionForm: (given) => formsOf(given).map(form.actionForm),
    editForm: (given) => given.actions.map(form.editForm),
    chooseFinding: (given) =>
      formsOf(given).flatMap((open) =>
        [null, 0, 1, 500].map((chosen) => form.actionForm(form.chooseFinding(open, chosen))),
      ),
  },
  "views/due-text.ts": { overdueText: "helps others" },
  "action-narrator.ts": {
    messagesToOwners: (given) =>
      given.actions.flatMap((action) =>
        messagesToOwners(action, given.actionEvents).flatMap(({ payload }) =>
          payload.kind === "message" ? [payload] : [],
        ),
      ),
    lineInThread: (given) =>
      given.actions.flatMap((action) => {
        const { payload } = lineInThread(action);
        return payload.kind === "message" ? [payload] : [];
      }),
  },
};

function formsOf({ report, text }: Hostile): form.ActionForm[] {
  const empty: form.ActionForm = {
    runId: null,
    findings: [],
    chosen: null,
    title: "",
    owner: "U0ALICE",
    dueOn: null,
  };
  const many = Array.from({ length: 150 }, () => report.findings).flat();
  return [
    empty,
    { ...empty, runId: "run-1", findings: report.findings, chosen: 0, title: text, dueOn: "2026-12-10" },
    { ...empty, runId: "run-1", findings: many, chosen: 120, title: text },
  ];
}
