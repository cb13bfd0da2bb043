import type { KnownBlock, ModalView as SlackModal } from "@slack/types";
import { z } from "zod";
import { actionPrefix } from "./action-prefix.ts";
import { plain, section } from "./limits.ts";
import type { MessageContent } from "./limits.ts";
import { escapeReason } from "./views/card.ts";

/** A form, as a verb draws it. Names are without our prefix. */
export interface ModalView {
  /** Which handler of `Verb.modals` gets what is submitted. */
  callback: string;
  /** At most 24 characters are shown, of this and of the two buttons (docs.slack.dev, Modal views). */
  title: string;
  /** Absent: nothing can be submitted. */
  submit?: string;
  close?: string;
  blocks: readonly KnownBlock[];
  /** Of the verb, comes back with what is submitted: ids only, since the person's own Slack holds it. */
  state?: string;
}

/** What was typed and chosen in a form so far. */
export interface OpenModal {
  /**
   * By action name; null when empty; a list where several may be chosen. Of an action with a colon (`part:of:it`) also by
   * all of it, since there may be several of that name.
   */
  values: Readonly<Record<string, string | readonly string[] | null>>;
  state: string;
}

/** What becomes of a submitted form. A thrown AftershockError is shown in it, with what was typed kept. */
export type ModalAnswer =
  /** `reply` is shown to the person, in the channel where the form was opened. */
  | { kind: "close"; reply?: MessageContent }
  /** Sentences by block id of the input that they are about. */
  | { kind: "errors"; errors: Readonly<Record<string, string>> }
  | { kind: "update"; view: ModalView };

/** Where a form was opened, which Slack does not say when it is submitted. */
export interface ModalOrigin {
  channelId: string;
}

/** Slack's limits of a view (docs.slack.dev, Modal views and Home tab views). */
export const viewLimits = { blocks: 100, title: 24, metadata: 3000 } as const;

const metadata = z.object({ channelId: z.string().max(64), state: z.string() });

/** The view as Slack takes it. Throws when the state is too long, which is a mistake of ours. */
export function slackModal(view: ModalView, origin: ModalOrigin): SlackModal {
  const carried = JSON.stringify({ channelId: origin.channelId, state: view.state ?? "" });
  if (carried.length > viewLimits.metadata) throw new Error(`the state of the form ${view.callback} is too long`);
  const button = (text: string) => ({ type: "plain_text" as const, text: plain(text, viewLimits.title) });
  return {
    type: "modal",
    callback_id: `${actionPrefix}${view.callback}`,
    title: button(view.title),
    ...(view.submit === undefined ? {} : { submit: button(view.submit) }),
    close: button(view.close ?? "Close"),
    private_metadata: carried,
    blocks: view.blocks.slice(0, viewLimits.blocks),
  };
}

/** What a view carried; null when it is not one of ours. */
export function readMetadata(text: string): (ModalOrigin & { state: string }) | null {
  try {
    const parsed = metadata.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

/** One input of `view.state.values` (docs.slack.dev, Block Kit interaction payloads): only the kinds that we draw. */
const input = z.looseObject({
  value: z.string().nullish(),
  selected_option: z.object({ value: z.string() }).nullish(),
  selected_options: z.array(z.object({ value: z.string() })).nullish(),
  selected_date: z.string().nullish(),
  selected_time: z.string().nullish(),
  selected_date_time: z.number().nullish(),
  selected_user: z.string().nullish(),
  selected_users: z.array(z.string()).nullish(),
  selected_conversation: z.string().nullish(),
});

/** `view.state.values`: by block id, then by action id. */
export const stateValues = z.record(z.string(), z.record(z.string(), input));
export type Entry = z.output<typeof input>;

/** By action name, without our prefix and what stands after a colon; and by the whole of it, without our prefix. */
export function flattenValues(values: z.output<typeof stateValues>): OpenModal["values"] {
  return Object.fromEntries(
    Object.values(values)
      .flatMap((block) => Object.entries(block))
      .flatMap(([action, given]) =>
        [actionName(action), withoutPrefix(action)].map((name) => [name, valueOf(given)] as const),
      ),
  );
}

/** `run-pick` of `aftershock:run-pick:2`: after a colon stands what tells two elements of one kind apart. */
export function actionName(actionId: string): string {
  return withoutPrefix(actionId).split(":")[0] ?? "";
}

function withoutPrefix(actionId: string): string {
  return actionId.startsWith(actionPrefix) ? actionId.slice(actionPrefix.length) : actionId;
}

/** The value of one input, of whatever kind; null when nothing is in it. */
export function valueOf(given: z.output<typeof input>): string | readonly string[] | null {
  if (given.selected_options) return given.selected_options.map(({ value }) => value);
  if (given.selected_users) return given.selected_users;
  const at = given.selected_date_time;
  return (
    given.value ??
    given.selected_option?.value ??
    given.selected_date ??
    given.selected_time ??
    given.selected_user ??
    given.selected_conversation ??
    (at === null || at === undefined ? null : String(at))
  );
}

/** The form with a problem on top; the inputs keep their block ids, so that Slack keeps what was typed. */
export function withProblem(view: SlackModal, sentence: string, hint: string): SlackModal {
  const words = section(`:warning: ${escapeReason(sentence)}\n${escapeReason(hint)}`);
  const problem: KnownBlock = { ...words, block_id: problemBlock };
  const others = view.blocks.filter((block) => block.block_id !== problemBlock);
  return { ...view, blocks: [problem, ...others].slice(0, viewLimits.blocks) };
}

const problemBlock = "aftershock-problem";
