import type { KnownBlock, PlainTextOption } from "@slack/types";
import type { Finding } from "../../findings/report.ts";
import { longestTitle, suggestedTitle } from "../../run/actions/rules.ts";
import type { Action } from "../../run/actions/action.ts";
import { actionPrefix } from "../action-prefix.ts";
import { note, plain } from "../limits.ts";
import type { ModalView } from "../modal.ts";
import { isUserId } from "./words.ts";

/** What the form for a new action shows: of a run with its findings, or of none. */
export interface ActionForm {
  runId: string | null;
  findings: readonly Finding[];
  /** Which finding is chosen, by its place; null: none. */
  chosen: number | null;
  /** As it stands, or what is suggested. */
  title: string;
  owner: string;
  dueOn: string | null;
}

/** Value of the choice that it answers no finding. */
export const noFinding = "none";
/** Of a menu: options, and letters of each (docs.slack.dev, Select menu element, Option object). */
const mostOptions = 100;
const optionText = 75;

const words = (text: string, length: number) => ({ type: "plain_text" as const, text: plain(text, length) });
const option = (text: string, value: string): PlainTextOption => ({ text: words(text, optionText), value });

/** The form for a new action. Choosing a finding suggests its advice as the title, unless another was typed. */
export function actionForm(form: ActionForm): ModalView {
  return {
    callback: "add-action",
    title: "Add an action",
    submit: "Add",
    close: "Cancel",
    state: form.runId ?? "",
    blocks: [
      ...(form.runId === null ? [note("It is listed in this channel.")] : [note(`Of ${form.runId}.`)]),
      ...findingBlocks(form),
      // Slack keeps what was typed while the block's id stays: another suggestion needs another id.
      titleBlock(form.title, `title:${form.chosen ?? noFinding}`),
      ...peopleBlocks(form),
    ],
  };
}

function findingBlocks({ findings, chosen }: ActionForm): KnownBlock[] {
  if (findings.length === 0) return [];
  const options = [
    ...findings.slice(0, mostOptions - 1).map(({ title }, at) => option(title, String(at))),
    option("None of them", noFinding),
  ];
  const initial = options.find(({ value }) => value === String(chosen ?? noFinding));
  return [
    {
      type: "input",
      block_id: "finding",
      dispatch_action: true,
      label: words("Which finding is it about?", 75),
      element: {
        type: "static_select",
        action_id: `${actionPrefix}action-finding`,
        options,
        ...(initial === undefined ? {} : { initial_option: initial }),
      },
    },
  ];
}

function titleBlock(title: string, blockId: string): KnownBlock {
  return {
    type: "input",
    block_id: blockId,
    label: words("What shall be done?", 75),
    element: {
      type: "plain_text_input",
      action_id: `${actionPrefix}action-title`,
      max_length: longestTitle,
      ...(title === "" ? {} : { initial_value: plain(title, longestTitle) }),
    },
  };
}

function peopleBlocks({ owner, dueOn }: Pick<ActionForm, "owner" | "dueOn">): KnownBlock[] {
  return [
    {
      type: "input",
      block_id: "owner",
      label: words("Who does it?", 75),
      hint: words("They get a message about it, unless it is you.", 150),
      element: {
        type: "users_select",
        action_id: `${actionPrefix}action-owner`,
        // Slack refuses the whole form for an id that is none.
        ...(isUserId(owner) ? { initial_user: owner } : {}),
      },
    },
    {
      type: "input",
      block_id: "due",
      optional: true,
      label: words("Due when?", 75),
      hint: words("On that day its owner is reminded, once.", 150),
      element: {
        type: "datepicker",
        action_id: `${actionPrefix}action-due`,
        ...(dueOn === null ? {} : { initial_date: dueOn }),
      },
    },
  ];
}

/** The form for an action that there is. */
export function editForm(action: Action): ModalView {
  return {
    callback: "edit-action",
    title: `Edit ${action.id}`,
    submit: "Save",
    close: "Cancel",
    state: action.id,
    blocks: [titleBlock(action.title, "title"), ...peopleBlocks(action)],
  };
}

/** The form as it is after another finding was chosen: its title is suggested if the old one was a suggestion, or empty. */
export function chooseFinding(form: ActionForm, chosen: number | null): ActionForm {
  const suggestions = form.findings.map((finding) => plain(suggestedTitle(finding), longestTitle));
  const isOwn = form.title !== "" && !suggestions.includes(form.title);
  const suggested = chosen === null ? "" : (suggestions[chosen] ?? "");
  return { ...form, chosen, title: isOwn ? form.title : suggested };
}
