import { faultsOfCall, type Refusal } from "./rules.ts";
import type { Envelope } from "./sockets.ts";
import type { Triggers } from "./triggers.ts";
import { createViewPayloads, enteredOnPage, type Payload } from "./view-payloads.ts";
import { entered, fieldsOf, stateOf, unsubmittable, type Field } from "./view-state.ts";
import { readAnswer, type KeptView, type ViewStore } from "./views.ts";

/** Slack waits so long for the answer to a submission, and then says that it had trouble (docs.slack.dev, Modals). */
const answerWithinMs = 3000;

/** A view as its person sees it. */
export interface ShownView {
  id: string;
  hash: string;
  callbackId: string;
  title: string;
  /** The words on its buttons; null where there is none. */
  submit: string | null;
  close: string | null;
  privateMetadata: string;
  blocks: KeptView["body"]["blocks"];
  fields: readonly Field[];
  values: ReturnType<typeof stateOf>["values"];
  /** At inputs, by `block_id`. */
  errors: Readonly<Record<string, string>>;
}

/** What became of a submission. `no answer`: none in time, or one that Slack does not take; the modal stays. */
export type Submitted = "closed" | "errors" | "updated" | "pushed" | "no answer";

/** The people before their screens, each with modals and an App Home of their own. */
export interface Screens {
  /** Modals of a person, the one on top last. */
  modals(user: string): ShownView[];
  home(user: string): ShownView | null;
  /**
   * Enters something: a text, or an option by its value or words, or several. `what`: the `block_id`, `action_id` or label of
   * an element of the modal on top, or of App Home where no modal is open. Resolves when the app has heard of it, if it asked to.
   */
  enter(user: string, what: string, wanted: string | readonly string[] | null): Promise<void>;
  /** Clicks a button, likewise. */
  click(user: string, what: string): Promise<void>;
  /** Rejects where Slack's client would not submit. */
  submit(user: string): Promise<Submitted>;
  close(user: string): Promise<void>;
  /** Tells the app anything, as nobody could by Slack's client; its answer. */
  tell(payload: Payload): Promise<unknown>;
}

export interface Interactions extends Screens {
  /** An envelope of local-slack's as Slack would send it; null for one that Slack would not. */
  receive(envelope: Envelope): Envelope | null;
  /** The app has acknowledged an envelope. True when nobody else waits for that. */
  answered(envelopeId: string, payload: unknown): boolean;
  stop(): void;
}

export function createInteractions(parts: {
  teamId: string;
  views: ViewStore;
  triggers: Triggers;
  send: (envelope: Envelope) => void;
  note: (method: string, found: readonly Refusal[]) => void;
}): Interactions {
  const { views, triggers, note } = parts;
  const payloads = createViewPayloads({ teamId: parts.teamId, told: views.told });
  const waiting = new Map<string, { own: boolean; done: (payload: unknown) => void; timer: NodeJS.Timeout }>();
  let count = 0;

  const wait = (id: string, own: boolean): Promise<{ payload: unknown } | null> =>
    new Promise((resolve) => {
      const timer = setTimeout(() => {
        waiting.delete(id);
        resolve(null);
      }, answerWithinMs);
      waiting.set(id, { own, timer, done: (payload) => resolve({ payload }) });
    });
  const deliver = async (payload: Payload): Promise<{ payload: unknown } | null> => {
    const id = `gate-${(count += 1)}`;
    const answer = wait(id, true);
    parts.send({ envelope_id: id, type: "interactive", accepts_response_payload: true, payload });
    return answer;
  };
  const modalOf = (user: string): KeptView | undefined => views.stack(user).at(-1);
  const apply = (view: KeptView, answer: { payload: unknown } | null): Submitted => {
    if (answer === null) {
      note("view_submission", [{ error: "operation_timeout", detail: "not answered within 3 s" }]);
      return "no answer";
    }
    const { action, view: body, errors, refusals } = readAnswer(answer.payload, view.body);
    if (refusals.length > 0) {
      note("view_submission", refusals);
      return "no answer";
    }
    if (body !== null) note("view_submission", faultsOfCall("views.open", formOf(body)));
    switch (action) {
      case "close":
      case "clear":
        views.drop(view.user, action === "close" ? "top" : "all");
        return "closed";
      case "errors":
        view.errors = errors;
        return "errors";
      case "update":
        if (body !== null) views.redraw(view, body);
        return "updated";
      case "push":
        if (body !== null) views.push(view.user, body);
        return "pushed";
    }
  };
  const seen = (user: string): KeptView => {
    const view = modalOf(user) ?? views.home(user);
    if (view === undefined || view === null) throw new Error(`${user} sees no modal and no App Home`);
    return view;
  };
  const fieldOf = (view: KeptView, what: string): Field => {
    const fields = fieldsOf(view.body);
    const found =
      fields.find(({ blockId, actionId, label }) => [blockId, actionId, label].includes(what)) ??
      fields.find(({ label }) => label.startsWith(what));
    if (found !== undefined) return found;
    throw new Error(`no "${what}" among ${fields.map(({ label, actionId }) => `${label} (${actionId})`).join(", ")}`);
  };
  const act = async (view: KeptView, field: Field): Promise<void> => {
    const answer = await deliver(payloads.action(view, field, triggers.make(view.user)));
    if (answer === null) note("block_actions", [{ error: "operation_timeout", detail: "not answered within 3 s" }]);
  };

  /** By local-slack's page, which knows one modal for everybody and nothing of App Home's ids. */
  const repaired = (envelope: Envelope, payload: Payload): Envelope | null => {
    const user = (payload["user"] as { id: string }).id;
    const trigger = String(payload["trigger_id"] ?? "");
    const again = (own: Payload): Envelope => ({ ...envelope, payload: own });
    if (payload["type"] === "view_submission") {
      const view = modalOf(user);
      if (view === undefined) return null;
      const onPage = (payload["view"] as { state?: { values?: unknown } } | undefined)?.state?.values;
      view.entered = enteredOnPage(view, onPage);
      void wait(envelope.envelope_id, false).then((answer) => apply(view, answer));
      return again(payloads.submission(view, trigger));
    }
    if (payload["type"] === "view_closed") {
      const view = modalOf(user);
      if (view === undefined) return null;
      views.drop(user, "top");
      return again(payloads.closed(view));
    }
    const container = payload["container"] as { message_ts?: unknown } | undefined;
    if (payload["type"] !== "block_actions" || Boolean(container?.message_ts)) return envelope;
    const [action] = payload["actions"] as Array<Payload & { type: string }>;
    const id = String(action?.["action_id"]);
    const view = [modalOf(user), views.home(user)].find(
      (each) => each !== undefined && each !== null && fieldsOf(each.body).some(({ actionId }) => actionId === id),
    );
    if (view === undefined || view === null || action === undefined) return null;
    const field = fieldsOf(view.body).find(
      ({ actionId, blockId }) => actionId === id && [blockId, undefined].includes(action["block_id"] as string),
    );
    if (field === undefined) return null;
    if ("selected_option" in action) enter(view, field, (action["selected_option"] as { value: string }).value);
    return again(payloads.action(view, field, trigger));
  };
  const enter = (view: KeptView, field: Field, wanted: string | readonly string[] | null): void => {
    const value = entered(field.element, wanted);
    const block = { ...view.entered[field.blockId], [field.actionId]: value };
    view.entered = { ...view.entered, [field.blockId]: block };
  };
  return {
    receive: (envelope) => {
      const payload = envelope["payload"] as (Payload & { user?: { id?: string } }) | undefined;
      const user = payload?.["user_id"] ?? payload?.user?.id;
      const trigger = payload?.["trigger_id"];
      if (typeof trigger === "string" && typeof user === "string") triggers.learn(trigger, user);
      return envelope.type === "interactive" && payload !== undefined ? repaired(envelope, payload) : envelope;
    },
    answered: (id, payload) => {
      const known = waiting.get(id);
      if (known === undefined) return id.startsWith("gate-");
      clearTimeout(known.timer);
      waiting.delete(id);
      known.done(payload);
      return known.own;
    },
    stop: () => waiting.forEach(({ timer }) => clearTimeout(timer)),
    modals: (user) => views.stack(user).map(shown),
    home: (user) => {
      const view = views.home(user);
      return view === null ? null : shown(view);
    },
    enter: async (user, what, wanted) => {
      const view = seen(user);
      const field = fieldOf(view, what);
      enter(view, field, wanted);
      if (field.dispatches) await act(view, field);
    },
    click: (user, what) => {
      const view = seen(user);
      return act(view, fieldOf(view, what));
    },
    submit: async (user) => {
      const view = modalOf(user);
      if (view === undefined) throw new Error(`${user} sees no modal`);
      if (view.body["submit"] === undefined) throw new Error("the modal has no button to submit it");
      const missing = unsubmittable(view.body, stateOf(view.body, view.entered).values);
      if (missing.length > 0) throw new Error(`Slack would not submit it: ${missing.join("; ")}`);
      return apply(view, await deliver(payloads.submission(view, triggers.make(user))));
    },
    close: async (user) => {
      const view = modalOf(user);
      if (view === undefined) throw new Error(`${user} sees no modal`);
      views.drop(user, "top");
      if (view.body["notify_on_close"] === true) await deliver(payloads.closed(view));
    },
    tell: async (payload) => (await deliver(payload))?.payload,
  };
}

function shown(view: KeptView): ShownView {
  const { body } = view;
  const words = (key: string): string | null => (body[key] as { text: string } | undefined)?.text ?? null;
  return {
    id: view.id,
    hash: view.hash,
    callbackId: String(body["callback_id"] ?? ""),
    title: words("title") ?? "",
    submit: words("submit"),
    close: words("close"),
    privateMetadata: String(body["private_metadata"] ?? ""),
    blocks: body.blocks,
    fields: fieldsOf(body),
    values: stateOf(body, view.entered).values,
    errors: view.errors,
  };
}

function formOf(view: unknown): URLSearchParams {
  return new URLSearchParams({ view: JSON.stringify(view) });
}
