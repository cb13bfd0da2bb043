import type { Field, StateValue, Values } from "./view-state.ts";
import { fieldsOf, untouched } from "./view-state.ts";
import type { KeptView, ViewStore } from "./views.ts";

/** What Slack tells an app of a person's doings in a view (docs.slack.dev, view_submission, block_actions, view_closed). */
export interface ViewPayloads {
  submission(view: KeptView, triggerId: string): Payload;
  action(view: KeptView, field: Field, triggerId: string): Payload;
  closed(view: KeptView): Payload;
}

export type Payload = Readonly<Record<string, unknown>>;

export function createViewPayloads({ teamId, told }: { teamId: string; told: ViewStore["told"] }): ViewPayloads {
  let count = 0;
  const base = (view: KeptView): Payload => ({
    team: { id: teamId, domain: "gate" },
    user: { id: view.user, username: view.user.toLowerCase(), name: view.user.toLowerCase(), team_id: teamId },
    api_app_id: "A0AFTERSHOCK",
    token: "verification-token",
    enterprise: null,
    is_enterprise_install: false,
    view: told(view),
  });
  return {
    submission: (view, triggerId) => ({
      type: "view_submission",
      ...base(view),
      trigger_id: triggerId,
      response_urls: [],
    }),
    action: (view, field, triggerId) => ({
      type: "block_actions",
      ...base(view),
      container: { type: "view", view_id: view.id },
      trigger_id: triggerId,
      actions: [actionOf(view, field, (count += 1))],
    }),
    closed: (view) => ({ type: "view_closed", ...base(view), is_cleared: false }),
  };
}

function actionOf(view: KeptView, { blockId, actionId, element }: Field, count: number): Payload {
  const value = view.entered[blockId]?.[actionId] ?? untouched(element);
  return {
    ...(value ?? { value: element["value"], text: element["text"] }),
    type: element.type,
    block_id: blockId,
    action_id: actionId,
    action_ts: `${Math.floor(Date.now() / 1000)}.${String(count).padStart(6, "0")}`,
  };
}

/**
 * What was entered on local-slack's page, which tells null for an input that nobody touched and an empty text for one that
 * was cleared. Only what the view has is taken.
 */
export function enteredOnPage(view: KeptView, told: unknown): Values {
  const given = (told ?? {}) as Record<string, Record<string, StateValue> | undefined>;
  const values: Record<string, Record<string, StateValue>> = {};
  for (const { blockId, actionId, element } of fieldsOf(view.body)) {
    const before = view.entered[blockId]?.[actionId];
    const value = read(element.type, given[blockId]?.[actionId]) ?? before;
    if (value !== undefined) (values[blockId] ??= {})[actionId] = value;
  }
  return values;
}

function read(type: string, value: StateValue | undefined): StateValue | undefined {
  if (value === undefined) return undefined;
  const touched = Object.entries(value).some(
    ([key, inner]) => key !== "type" && inner !== null && !(Array.isArray(inner) && inner.length === 0),
  );
  if (!touched) return undefined;
  return value["value"] === "" ? { type, value: null } : { ...value, type };
}
