import type { InputBlock, PlainTextOption } from "@slack/types";
import { actionPrefix } from "../../action-prefix.ts";
import { plain } from "../../limits.ts";

/** Limits of what is entered (docs.slack.dev, Option object, Select menu, Plain-text input, Input block). */
const most = { option: 75, options: 100, placeholder: 150, words: 2000, value: 3000 } as const;

/** One of what a select offers. */
export interface Offer {
  value: string;
  text: string;
  /** Smaller, under the text. */
  description?: string;
}

/** What is entered where: block and action have one name. */
interface Asked {
  name: string;
  label: string;
  hint?: string;
}

/** A select; nothing when there is nothing to offer, since Slack takes no empty one. What is changed in it is told at once. */
export function selectInput(
  asked: Asked & { placeholder: string; need: "needed" | "optional" },
  offers: readonly Offer[],
  picked: string | null,
): InputBlock[] {
  // A value that was cut would mean something else; what cannot be offered can be typed.
  const options = offers
    .filter(({ value }) => fits(value))
    .slice(0, most.options)
    .map(option);
  if (options.length === 0) return [];
  const initial = options.find(({ value }) => value === picked);
  return [
    {
      ...inputBlock(asked),
      optional: asked.need === "optional",
      dispatch_action: true,
      element: {
        type: "static_select",
        action_id: `${actionPrefix}${asked.name}`,
        placeholder: words(asked.placeholder, most.placeholder),
        options,
        ...(initial === undefined ? {} : { initial_option: initial }),
      },
    },
  ];
}

/** A line of text that may stay empty; the placeholder says what holds then. */
export function textInput(asked: Asked & { placeholder: string; longest: number }, typed: string | null): InputBlock {
  return {
    ...inputBlock(asked),
    optional: true,
    element: {
      type: "plain_text_input",
      action_id: `${actionPrefix}${asked.name}`,
      placeholder: words(asked.placeholder, most.placeholder),
      max_length: asked.longest,
      ...(typed === null ? {} : { initial_value: typed.slice(0, Math.min(asked.longest, most.value)) }),
    },
  };
}

/** One box to tick. What is changed in it is told at once. */
export function tickInput(asked: Asked, offer: Offer, ticked: "ticked" | "empty"): InputBlock {
  const box = option(offer);
  return {
    ...inputBlock(asked),
    optional: true,
    dispatch_action: true,
    element: {
      type: "checkboxes",
      action_id: `${actionPrefix}${asked.name}`,
      options: [box],
      ...(ticked === "ticked" ? { initial_options: [box] } : {}),
    },
  };
}

/** A channel that the person is in, by Slack's own list. */
export function channelInput(asked: Asked, picked: string | null): InputBlock {
  return {
    ...inputBlock(asked),
    element: {
      type: "conversations_select",
      action_id: `${actionPrefix}${asked.name}`,
      filter: { include: ["public", "private"], exclude_bot_users: true },
      ...(picked === null ? {} : { initial_conversation: picked }),
    },
  };
}

function inputBlock({ name, label, hint }: Asked): Pick<InputBlock, "type" | "block_id" | "label" | "hint"> {
  return {
    type: "input",
    block_id: name,
    label: words(label, most.words),
    ...(hint === undefined ? {} : { hint: words(hint, most.words) }),
  };
}

const fits = (value: string): boolean => value !== "" && value.length <= most.option;

function option({ value, text, description }: Offer): PlainTextOption {
  return {
    value,
    text: words(text, most.option),
    ...(description === undefined ? {} : { description: words(description, most.option) }),
  };
}

function words(text: string, length: number): { type: "plain_text"; text: string } {
  return { type: "plain_text", text: plain(text, length) };
}
