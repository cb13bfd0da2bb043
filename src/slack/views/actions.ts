import type { KnownBlock } from "@slack/types";
import type { Action, ActionEvent, ActionNote } from "../../run/actions/action.ts";
import type { OpenActions } from "../../run/actions/service.ts";
import { content, escapeText, note, section, type MessageContent } from "../limits.ts";
import { buttonRow, type ButtonText } from "./button.ts";
import { overdueText } from "./due-text.ts";
import { readerTime } from "./reader-time.ts";
import { person } from "./words.ts";

/** With their buttons; more are counted. */
export const mostActions = 10;
const mostNotes = 3;

/** One action in two lines: what, and whose, until when, of which run. */
export function actionLine(action: Action, at: string): string {
  return `*${action.id}* ${escapeText(action.title)}\n${[person(action.owner), dueWords(action, at), origin(action)].filter((each) => each !== "").join(" · ")}`;
}

function dueWords({ dueOn, state }: Pick<Action, "dueOn" | "state">, at: string): string {
  if (dueOn === null) return "no due day";
  const late = state === "open" ? overdueText(dueOn, at) : "";
  return late === "" ? `due ${dueOn}` : `:warning: *${late}* (due ${dueOn})`;
}

function origin({ runId, experiment, finding }: Action): string {
  if (runId === null) return "";
  const found = finding === null ? "" : `: ${escapeText(finding.title)}`;
  return `${runId} ${escapeText(experiment ?? "")}${found}`.trim();
}

/** What can be done about one. Who may not is told so. */
export function actionButtons({ id, state }: Action): ButtonText[] {
  if (state !== "open") return [];
  return [
    { action: "action-done", text: "Done", value: id },
    { action: "action-edit", text: "Reassign or edit…", value: id },
  ];
}

/** The same, and what it came of. */
export function actionRow(action: Action): KnownBlock[] {
  const { runId } = action;
  const findings = runId === null ? [] : [{ action: "open", text: `Findings of ${runId}`, value: `findings ${runId}` }];
  return buttonRow("action", [...actionButtons(action), ...findings]);
}

/** The open ones, each with its buttons. */
export function actionBlocks({ actions, count, at }: OpenActions): KnownBlock[] {
  const shown = actions.slice(0, mostActions);
  return [
    ...shown.flatMap((action, nth) => [
      section(actionLine(action, at)),
      ...buttonRow(`action:${nth}`, actionButtons(action)),
    ]),
    ...(count > shown.length ? [note(`… and ${count - shown.length} more`)] : []),
  ];
}

export const mostOnHome = 5;

/** In the App Home: what is this person's, with buttons, and how many others there are. None: nothing is open at all. */
export function homeActions(mine: OpenActions, inAll: number, command: string): KnownBlock[] {
  if (inAll === 0) return [];
  const others = inAll - mine.count;
  return [
    ...actionBlocks(mine),
    ...(mine.count === 0 ? [section("None of them is yours.")] : []),
    ...(others > 0 ? [note(`${others} of others, in all channels: \`${command} actions all\``)] : []),
  ];
}

/** The answer to `/chaos actions`: of one channel, or of all. */
export function renderActions(open: OpenActions, where: "here" | "everywhere", command: string): MessageContent {
  const place = where === "here" ? "in this channel" : "in any channel";
  const button = { action: "action-add", text: "Add an action…", value: "new" };
  const add = buttonRow("actions", where === "here" ? [button] : []);
  if (open.count === 0) {
    const none = `No action is open ${place}.`;
    return content(none, [
      section(none),
      ...add,
      note(
        `Add one to what a run found: the button under its findings, or \`${command} actions add run-12 "what to do"\``,
      ),
    ]);
  }
  const late = open.actions.filter(({ dueOn }) => dueOn !== null && overdueText(dueOn, open.at) !== "").length;
  const many = open.count === 1 ? "1 action is open" : `${open.count} actions are open`;
  const text = `${many} ${place}${late === 0 ? "" : `, ${late} overdue`}.`;
  return content(text, [
    section(`*${text}*`),
    ...actionBlocks(open),
    ...add,
    note(
      `\`${command} actions done ID [WHY]\` · \`${command} actions drop ID why="…"\` · \`${command} actions edit ID owner=@NAME due=2026-12-10\``,
    ),
  ]);
}

/** One action with all that happened to it. */
export function renderAction(
  { action, events, at }: { action: Action; events: readonly ActionEvent[]; at: string },
  command: string,
): MessageContent {
  const text = `${action.id}: ${stateText(action)}`;
  return content(text, [
    section(`${actionLine(action, at)}\n${stateText(action)}`),
    ...actionRow(action),
    // The newest are kept: the first says what is written above.
    note(events.slice(-mostEvents).map(eventLine).join("\n")),
    note(`All open ones: \`${command} actions\``),
  ]);
}

const mostEvents = 8;

function stateText({ state, closedBy, closedAt, closedWhy }: Action): string {
  if (state === "open") return "open";
  const why = closedWhy === null ? "" : `: ${escapeText(closedWhy)}`;
  return `${state} by ${person(closedBy ?? "")}${closedAt === null ? "" : ` ${readerTime(closedAt)}`}${why}`;
}

function eventLine(event: ActionEvent): string {
  const when = readerTime(event.at);
  switch (event.type) {
    case "added":
      return `${when}: added by ${person(event.by)} for ${person(event.owner)}`;
    case "changed":
      return `${when}: ${person(event.by)} changed ${changedText(event)}`;
    case "done":
    case "dropped":
      return `${when}: ${event.type} by ${person(event.by)}${event.reason === null ? "" : `: ${escapeText(event.reason)}`}`;
    case "reminded":
      return `${when}: ${person(event.owner)} was reminded`;
  }
}

function changedText({ title, owner, dueOn }: Extract<ActionEvent, { type: "changed" }>): string {
  return [
    ...(owner === undefined ? [] : [`the owner to ${person(owner)}`]),
    ...(dueOn === undefined ? [] : [`the day to ${dueOn ?? "none"}`]),
    ...(title === undefined ? [] : [`the title to "${escapeText(title)}"`]),
  ].join(", ");
}

/** What is open from earlier runs, for whoever approves or looks at an experiment; none: nothing to say. */
export function openActionBlocks(open: readonly ActionNote[], command: string): KnownBlock[] {
  if (open.length === 0) return [];
  const lines = open
    .slice(0, mostNotes)
    .map(
      ({ id, title, dueOn, runId }) =>
        `• ${id} ${escapeText(title)}${dueOn === null ? "" : `, due ${dueOn}`}${runId === null ? "" : ` (${runId})`}`,
    );
  const more = open.length - lines.length;
  return [
    section(
      [
        "*Still open from earlier runs*",
        ...lines,
        ...(more > 0 ? [`… and ${more} more: \`${command} actions\``] : []),
      ].join("\n"),
    ),
  ];
}
