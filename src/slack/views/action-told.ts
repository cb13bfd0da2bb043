import type { Action, ActionEvent } from "../../run/actions/action.ts";
import { content, escapeText, note, section, type MessageContent } from "../limits.ts";
import { actionLine, actionRow } from "./actions.ts";
import { person } from "./words.ts";

type Assigned = Extract<ActionEvent, { type: "added" | "changed" }> & { owner: string };

/** To the owner, in a direct message: what somebody else has given them to do. It stays true: what is over says so. */
export function renderAssigned(action: Action, event: Assigned): MessageContent {
  return toOwner(
    action,
    event.owner,
    `${person(event.by)} gave you ${action.id}: ${escapeText(action.title)}`,
    event.at,
  );
}

/** To the owner, in a direct message, once: its day has come. */
export function renderReminder(action: Action, event: Extract<ActionEvent, { type: "reminded" }>): MessageContent {
  return toOwner(action, event.owner, `${action.id} is due ${event.dueOn}: ${escapeText(action.title)}`, event.at);
}

function toOwner(action: Action, owner: string, text: string, at: string): MessageContent {
  const over = overText(action, owner);
  if (over !== null) return content(`${text}. ${over}`, [section(text), note(over)]);
  return content(text, [section(text), section(actionLine(action, at)), ...actionRow(action)]);
}

/** Null: it is still this person's to do. */
function overText({ state, closedBy, owner: now }: Action, owner: string): string | null {
  if (state !== "open") return `Marked ${state === "done" ? "done" : "dropped"} by ${person(closedBy ?? "")}.`;
  return now === owner ? null : `It is ${person(now)}'s now; nothing is left for you to do.`;
}

/** In the thread of the run that it came of; edited as it goes on. Nobody is mentioned: the owner has a message of their own. */
export function renderActionInThread(action: Action, command: string): MessageContent {
  const due = action.dueOn === null ? "" : `, due ${action.dueOn}`;
  const icon = { open: ":pushpin:", done: ":white_check_mark:", dropped: ":wastebasket:" }[action.state];
  const why = action.closedWhy === null ? "" : `: ${escapeText(action.closedWhy)}`;
  const text = `${icon} Action ${action.id}${action.state === "open" ? "" : ` is ${action.state}${why}`}: ${escapeText(action.title)}${action.state === "open" ? due : ""}`;
  return content(text, [section(text), note(`Owners, and all that is open: \`${command} actions\``)]);
}
