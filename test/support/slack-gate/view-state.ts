/**
 * What a person sees and has entered in a view, as Slack's client keeps it (docs.slack.dev, Views; Block Kit reference).
 * Pure.
 */

/** A view as an app gave it; every block has a `block_id`. */
export type ViewBody = Readonly<Record<string, unknown>> & { type: string; blocks: readonly Block[] };

export type Block = Readonly<Record<string, unknown>> & { block_id: string; type: string };

type Element = Readonly<Record<string, unknown>> & { type: string };

/** One of `view.state.values`, e.g. `{ type: "static_select", selected_option: null }`. */
export type StateValue = Readonly<Record<string, unknown>> & { type: string };

/** `block_id` to `action_id` to value. */
export type Values = Readonly<Record<string, Readonly<Record<string, StateValue>>>>;

export interface Field {
  blockId: string;
  actionId: string;
  element: Element;
  /** The words over an input; of others those on it. */
  label: string;
  /** In an input block, and must not be empty. */
  required: boolean;
  /** A change is told to the app at once. */
  dispatches: boolean;
}

/** Where the value of an element stands in the state, and in the element when it is drawn. */
const valueKeys: Readonly<Record<string, { now: string; initial: string; none: unknown }>> = {
  plain_text_input: { now: "value", initial: "initial_value", none: null },
  number_input: { now: "value", initial: "initial_value", none: null },
  email_text_input: { now: "value", initial: "initial_value", none: null },
  url_text_input: { now: "value", initial: "initial_value", none: null },
  static_select: { now: "selected_option", initial: "initial_option", none: null },
  radio_buttons: { now: "selected_option", initial: "initial_option", none: null },
  multi_static_select: { now: "selected_options", initial: "initial_options", none: [] },
  checkboxes: { now: "selected_options", initial: "initial_options", none: [] },
  users_select: { now: "selected_user", initial: "initial_user", none: null },
  multi_users_select: { now: "selected_users", initial: "initial_users", none: [] },
  conversations_select: { now: "selected_conversation", initial: "initial_conversation", none: null },
  channels_select: { now: "selected_channel", initial: "initial_channel", none: null },
  datepicker: { now: "selected_date", initial: "initial_date", none: null },
  timepicker: { now: "selected_time", initial: "initial_time", none: null },
  datetimepicker: { now: "selected_date_time", initial: "initial_date_time", none: null },
};

/** A body with a `block_id` on every block: Slack makes one where the app gave none. */
export function withBlockIds(view: Readonly<Record<string, unknown>>): ViewBody {
  const blocks = (view["blocks"] as Array<Record<string, unknown>>).map((block, at) => ({
    ...block,
    // As local-slack's page names them.
    block_id: block["block_id"] ?? `b${at}`,
  }));
  return { ...view, blocks } as unknown as ViewBody;
}

/** All elements that a person may use, in order. */
export function fieldsOf(view: ViewBody): Field[] {
  return view.blocks.flatMap((block) => {
    const isInput = block.type === "input";
    const elements = (
      isInput ? [block["element"]] : block.type === "actions" ? block["elements"] : [block["accessory"]]
    ) as Array<Element | undefined>;
    return elements.flatMap((element) =>
      element === undefined || element.type === "image"
        ? []
        : [
            {
              blockId: block.block_id,
              actionId: String(element["action_id"] ?? ""),
              element,
              label: textIn(isInput ? block["label"] : (element["text"] ?? element["placeholder"])),
              required: isInput && block["optional"] !== true,
              // Of an input only when asked for; of all others always.
              dispatches: !isInput || block["dispatch_action"] === true,
            },
          ],
    );
  });
}

/** What an element holds when nobody has touched it; null for one that holds nothing, such as a button. */
export function untouched(element: Element): StateValue | null {
  const keys = valueKeys[element.type];
  return keys === undefined ? null : { type: element.type, [keys.now]: element[keys.initial] ?? keys.none };
}

/** `view.state`: what was entered, and elsewhere what the app drew. */
export function stateOf(view: ViewBody, entered: Values): { values: Values } {
  const values: Record<string, Record<string, StateValue>> = {};
  for (const { blockId, actionId, element } of fieldsOf(view)) {
    const value = entered[blockId]?.[actionId] ?? untouched(element);
    if (value !== null) (values[blockId] ??= {})[actionId] = value;
  }
  return { values };
}

/** What stays entered when a view is redrawn: where block and action have the same ids and hold the same kind of value. */
export function keptEntries(view: ViewBody, entered: Values): Values {
  const kept: Record<string, Record<string, StateValue>> = {};
  for (const { blockId, actionId, element } of fieldsOf(view)) {
    const value = entered[blockId]?.[actionId];
    if (value?.type === element.type) (kept[blockId] ??= {})[actionId] = value;
  }
  return kept;
}

/**
 * What an element holds once a person entered `wanted`: a text; the value or the words of an option, or several; nothing.
 * Throws for an option that is not offered.
 */
export function entered(element: Element, wanted: string | readonly string[] | null): StateValue {
  const keys = valueKeys[element.type];
  if (keys === undefined) throw new Error(`nothing can be entered into a ${element.type}`);
  if (keys.now.startsWith("selected_option")) {
    const chosen = (wanted === null ? [] : [wanted].flat()).map((each) => optionOf(element, each));
    return { type: element.type, [keys.now]: keys.now === "selected_options" ? chosen : (chosen[0] ?? null) };
  }
  // A text that was cleared is null.
  return { type: element.type, [keys.now]: wanted === "" || wanted === null ? keys.none : wanted };
}

function optionOf(element: Element, wanted: string): unknown {
  const options = optionsOf(element);
  const found = options.find(({ value, text }) => value === wanted || text.text === wanted);
  if (found !== undefined) return found;
  throw new Error(`"${wanted}" is not among ${options.map(({ text }) => text.text).join(", ")}`);
}

interface Option {
  value: string;
  text: { text: string };
}

/** The options of a select, of its groups too. */
export function optionsOf(element: Element): Option[] {
  const groups = (element["option_groups"] ?? []) as Array<{ options: Option[] }>;
  return [...((element["options"] ?? []) as Option[]), ...groups.flatMap(({ options }) => options)];
}

/** Inputs with which Slack's client does not submit, by label: those that are empty, too short or too long. */
export function unsubmittable(view: ViewBody, values: Values): string[] {
  return fieldsOf(view).flatMap(({ blockId, actionId, element, label, required }) => {
    const keys = valueKeys[element.type];
    if (keys === undefined) return [];
    const value = values[blockId]?.[actionId]?.[keys.now] ?? null;
    const empty = value === null || (Array.isArray(value) && value.length === 0);
    if (empty) return required ? [`${label} is empty`] : [];
    if (typeof value !== "string" || !keys.initial.startsWith("initial_value")) return [];
    const { min_length: least = 0, max_length: most = 3000 } = element as { min_length?: number; max_length?: number };
    return value.length < least || value.length > most ? [`${label} has ${value.length} characters`] : [];
  });
}

function textIn(value: unknown): string {
  return String((value as { text?: unknown } | undefined)?.text ?? "");
}
