import type { Button, KnownBlock } from "@slack/types";
import { limits, plain } from "../limits.ts";
import { actionPrefix } from "../action-prefix.ts";

/** A button of ours. What it does is in its action name; `value` says to what. */
export interface ButtonText {
  /** Action name, without the prefix. */
  action: string;
  text: string;
  value: string;
  style?: "primary" | "danger";
  /** Asked before anything is done, in a dialog of Slack's. */
  confirm?: string;
}

/** Titles and buttons of a confirm dialog (docs.slack.dev, Confirmation dialog object). */
const confirmTitle = 100;
const confirmButton = 30;

/** A button. Two of one action in a row must differ in their id, so that it ends in its place (it is read up to the colon). */
function button({ action, text, value, style, confirm }: ButtonText, at: number): Button {
  return {
    type: "button",
    action_id: `${actionPrefix}${action}:${at}`,
    text: { type: "plain_text", text: plain(text, limits.buttonText) },
    value,
    ...(style === undefined ? {} : { style }),
    ...(confirm === undefined
      ? {}
      : {
          confirm: {
            title: { type: "plain_text", text: plain(`${text}?`, confirmTitle) },
            text: { type: "plain_text", text: plain(confirm, limits.confirmText) },
            confirm: { type: "plain_text", text: plain(text, confirmButton) },
            deny: { type: "plain_text", text: "Cancel" },
            ...(style === undefined ? {} : { style }),
          },
        }),
  };
}

/** A row of at most 25 buttons (docs.slack.dev, Actions block); Slack takes no empty one, so that there is none. */
export function buttonRow(blockId: string, buttons: readonly ButtonText[]): KnownBlock[] {
  // A value that was cut would mean something else.
  const fitting = buttons.filter(({ value }) => value.length <= limits.buttonValue).slice(0, limits.actions);
  if (fitting.length === 0) return [];
  return [{ type: "actions", block_id: blockId.slice(0, 255), elements: fitting.map(button) }];
}
