import type { ApiCall } from "./call.ts";
import { parseJson } from "./call.ts";
import type { Answer } from "./people.ts";
import { refuseView, type Refusal } from "./rules.ts";
import type { Triggers } from "./triggers.ts";
import { keptEntries, stateOf, withBlockIds, type Values, type ViewBody } from "./view-state.ts";

/** Slack's limit of modals on top of each other (slack-api-ref, views.push). */
const mostOnStack = 3;

/** A modal or App Home of one person, as the gate keeps it. */
export interface KeptView {
  id: string;
  user: string;
  body: ViewBody;
  /** Another one with every change (docs.slack.dev, views.update). */
  hash: string;
  entered: Values;
  /** What the app said of inputs at the last submission, by `block_id`. */
  errors: Readonly<Record<string, string>>;
  /** The id that local-slack's page has for it; null when it is not shown there. */
  localId: string | null;
}

export interface ViewStore {
  /** Null: not a method of ours. */
  answer(call: ApiCall): Promise<Answer> | null;
  /** Modals of a person, the one on top last. */
  stack(user: string): readonly KeptView[];
  home(user: string): KeptView | null;
  find(id: string): KeptView | null;
  redraw(view: KeptView, body: ViewBody): void;
  push(user: string, body: ViewBody): KeptView;
  /** Takes the modal on top away, or all of them. */
  drop(user: string, which: "top" | "all"): void;
  /** The view as Slack tells it to an app. */
  told(view: KeptView): Readonly<Record<string, unknown>>;
}

/** Calls local-slack's method, so that its page shows it too; its answer. */
export type Mirror = (method: string, form: Readonly<Record<string, string>>) => Promise<Answer>;

/**
 * Views as Slack keeps them: of each person apart, with hashes and triggers that mean something. local-slack has one stack
 * for everybody; what is drawn is passed on to it for its page only.
 */
export function createViews(parts: { teamId: string; triggers: Triggers; mirror: Mirror }): ViewStore {
  const { teamId, triggers, mirror } = parts;
  const stacks = new Map<string, KeptView[]>();
  const homes = new Map<string, KeptView>();
  let count = 0;
  const stack = (user: string): KeptView[] => stacks.get(user) ?? [];
  const all = (): KeptView[] => [...[...stacks.values()].flat(), ...homes.values()];
  const find = (id: string): KeptView | null => all().find((view) => view.id === id) ?? null;
  const make = (user: string, body: ViewBody): KeptView => {
    count += 1;
    return { id: `V0GATE${count}`, user, body, hash: newHash(), entered: {}, errors: {}, localId: null };
  };
  const newHash = (): string => `${Date.now()}.${(count += 1)}`;
  const redraw = (view: KeptView, body: ViewBody): void => {
    Object.assign(view, { body, hash: newHash(), entered: keptEntries(body, view.entered), errors: {} });
  };
  const told: ViewStore["told"] = (view) => {
    const around = stack(view.user);
    const at = around.indexOf(view);
    return {
      submit: null,
      close: null,
      private_metadata: "",
      callback_id: "",
      external_id: "",
      clear_on_close: false,
      notify_on_close: false,
      ...view.body,
      id: view.id,
      team_id: teamId,
      app_id: "A0AFTERSHOCK",
      bot_id: "B0GATE",
      hash: view.hash,
      state: stateOf(view.body, view.entered),
      root_view_id: around[0]?.id ?? view.id,
      previous_view_id: around[at - 1]?.id ?? null,
    };
  };
  const ok = (view: KeptView): Answer => ({ ok: true, view: told(view) });
  const refused = (error: string): Answer => ({ ok: false, error });
  const bodyOf = (call: ApiCall): ViewBody =>
    withBlockIds(parseJson(call.form.get("view") ?? "") as Record<string, unknown>);
  const show = async (view: KeptView, method: string, form: Record<string, string>): Promise<void> => {
    const answer = await mirror(method, { ...form, view: JSON.stringify(view.body) });
    view.localId = (answer["view"] as { id?: string } | undefined)?.id ?? null;
  };
  const doubleOf = (body: ViewBody, except: KeptView | null): boolean =>
    typeof body["external_id"] === "string" &&
    body["external_id"] !== "" &&
    all().some((view) => view !== except && view.body["external_id"] === body["external_id"]);
  const opened = async (call: ApiCall, place: (user: string, view: KeptView) => string | null): Promise<Answer> => {
    const body = bodyOf(call);
    if (doubleOf(body, null)) return refused("duplicate_external_id");
    const trigger = triggers.exchange(call.form.get("trigger_id"));
    if ("error" in trigger) return refused(trigger.error);
    const view = make(trigger.user, body);
    const problem = place(trigger.user, view);
    if (problem !== null) return refused(problem);
    const local = triggers.localOne();
    if (local !== null) await show(view, call.method, { trigger_id: local });
    return ok(view);
  };
  const push = (user: string, view: KeptView): string | null => {
    const under = stack(user);
    if (under.length === 0) return "not_found";
    if (under.length >= mostOnStack) return "push_limit_reached";
    stacks.set(user, [...under, view]);
    return null;
  };
  const methods: Readonly<Record<string, (call: ApiCall) => Promise<Answer>>> = {
    "views.open": (call) =>
      opened(call, (user, view) => {
        stacks.set(user, [view]);
        return null;
      }),
    "views.push": (call) => opened(call, push),
    "views.update": async (call) => {
      const external = call.form.get("external_id");
      const view =
        find(call.form.get("view_id") ?? "") ??
        (external === null ? undefined : all().find(({ body }) => body["external_id"] === external));
      if (view === undefined || view === null) return refused("not_found");
      const hash = call.form.get("hash");
      if (hash !== null && hash !== view.hash) return refused("hash_conflict");
      const body = bodyOf(call);
      if (doubleOf(body, view)) return refused("duplicate_external_id");
      redraw(view, body);
      const local = view.localId;
      if (local !== null) await show(view, "views.update", { view_id: local });
      return ok(view);
    },
    "views.publish": async (call) => {
      const user = call.form.get("user_id") ?? "";
      const before = homes.get(user);
      const hash = call.form.get("hash");
      if (hash !== null && hash !== before?.hash) return refused("hash_conflict");
      const view = before ?? make(user, bodyOf(call));
      if (before === undefined) homes.set(user, view);
      else redraw(view, bodyOf(call));
      await show(view, "views.publish", { user_id: user });
      return ok(view);
    },
  };
  return {
    answer: (call) => methods[call.method]?.(call) ?? null,
    stack,
    home: (user) => homes.get(user) ?? null,
    find,
    redraw,
    push: (user, body) => {
      const view = make(user, body);
      push(user, view);
      return view;
    },
    drop: (user, which) => void stacks.set(user, which === "all" ? [] : stack(user).slice(0, -1)),
    told,
  };
}

/** What an app answers to a submission, and what Slack would refuse of it. */
export interface SubmissionAnswer {
  action: "close" | "clear" | "update" | "push" | "errors";
  view: ViewBody | null;
  errors: Readonly<Record<string, string>>;
  refusals: readonly Refusal[];
}

/** Reads the answer to a `view_submission` (docs.slack.dev, Modals: response actions). Pure. */
export function readAnswer(payload: unknown, shown: ViewBody): SubmissionAnswer {
  const given = (typeof payload === "object" && payload !== null ? payload : {}) as {
    response_action?: unknown;
    view?: unknown;
    errors?: unknown;
  };
  const nothing = { view: null, errors: {}, refusals: [] };
  const bad = (detail: string): SubmissionAnswer => ({
    ...nothing,
    action: "errors",
    refusals: [{ error: "invalid_response_action", detail }],
  });
  switch (given.response_action) {
    case undefined:
      return { ...nothing, action: "close" };
    case "clear":
      return { ...nothing, action: "clear" };
    case "errors": {
      const errors = (given.errors ?? {}) as Record<string, string>;
      const inputs = new Set(shown.blocks.filter(({ type }) => type === "input").map(({ block_id: id }) => id));
      const stray = Object.keys(errors).find((id) => !inputs.has(id));
      if (Object.keys(errors).length === 0) return bad("errors without any");
      // Slack shows none of them then, only that it had trouble.
      return stray === undefined
        ? { ...nothing, action: "errors", errors }
        : bad(`an error for the block ${stray}, which is no input of this view`);
    }
    case "update":
    case "push": {
      const refusals = refuseView(given.view);
      if (refusals.length > 0) return { ...nothing, action: "errors", refusals };
      return { ...nothing, action: given.response_action, view: withBlockIds(given.view as Record<string, unknown>) };
    }
    default:
      return bad(`there is no response_action ${String(given.response_action)}`);
  }
}
