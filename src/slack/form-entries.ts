import type { ModalView as SlackModal } from "@slack/types";
import { z } from "zod";
import type { Entry } from "./modal.ts";

/** Where the value of an input stands when it is drawn, by where it stands in the state (docs.slack.dev, Block elements). */
const initials: Readonly<Record<string, string>> = {
  value: "initial_value",
  selected_option: "initial_option",
  selected_options: "initial_options",
  selected_date: "initial_date",
  selected_time: "initial_time",
  selected_date_time: "initial_date_time",
  selected_user: "initial_user",
  selected_users: "initial_users",
  selected_conversation: "initial_conversation",
};

/**
 * The form drawn with what was entered: Slack keeps that by itself only as long as the inputs stay on the screen, and
 * after "Working…" they come back as new ones.
 */
export function withEntries(
  view: SlackModal,
  values: Readonly<Record<string, Readonly<Record<string, Entry>>>>,
): SlackModal {
  const blocks = view.blocks.map((block) => {
    if (!("element" in block)) return block;
    const given = values[block.block_id ?? ""]?.[block.element.action_id ?? ""];
    return given === undefined ? block : { ...block, element: drawnWith(block.element, given) };
  });
  return { ...view, blocks };
}

function drawnWith<T extends object>(element: T, given: Entry): T {
  const drawn = Object.values(initials);
  const bare = Object.fromEntries(Object.entries(element).filter(([key]) => !drawn.includes(key))) as T;
  const entries = Object.entries(given).flatMap(([key, value]) => {
    const initial = initials[key];
    const entry = offered(element, value);
    const isEmpty =
      entry === null || entry === undefined || entry === "" || (Array.isArray(entry) && entry.length === 0);
    return initial === undefined || isEmpty ? [] : [[initial, entry] as const];
  });
  return { ...bare, ...Object.fromEntries(entries) };
}

/** Chosen options as the element offers them: Slack takes no other as the initial one. */
function offered(element: { options?: readonly unknown[] }, value: unknown): unknown {
  const options = z.array(z.looseObject({ value: z.string() })).safeParse(element.options ?? []).data ?? [];
  const find = (chosen: unknown): unknown =>
    options.find((option) => option.value === optionValue.safeParse(chosen).data?.value);
  if (Array.isArray(value))
    return value.every((each) => typeof each === "string") ? value : value.map(find).filter(Boolean);
  return typeof value === "object" && value !== null ? find(value) : value;
}

const optionValue = z.object({ value: z.string() });
