import type { Button, KnownBlock } from "@slack/types";
import type { Schedule, ScheduleState } from "../../run/schedules/schedule.ts";
import { content, escapeText, fields, header, note, section, type MessageContent } from "../limits.ts";
import { actionPrefix } from "../action-prefix.ts";
import { escapeReason } from "./card.ts";
import { readerTime } from "./reader-time.ts";
import { people, person } from "./words.ts";

const stateWords: Readonly<Record<ScheduleState, { icon: string; text: string }>> = {
  requested: { icon: ":hourglass_flowing_sand:", text: "waiting for approval" },
  active: { icon: ":calendar:", text: "active" },
  ended: { icon: ":checkered_flag:", text: "ended" },
  denied: { icon: ":no_entry:", text: "denied" },
  expired: { icon: ":hourglass:", text: "expired" },
  cancelled: { icon: ":octagonal_sign:", text: "cancelled" },
};

/** The one message of a schedule in the channel, for every state. */
export function renderScheduleCard(schedule: Schedule): MessageContent {
  const words = stateWords[schedule.state];
  const { plan } = schedule;
  const isOpen = schedule.state === "requested" || schedule.state === "active";
  const blocks: KnownBlock[] = [
    header(`${plan.title} · ${schedule.id}`),
    section(`${words.icon} *${words.text}*${isOpen ? `\n${kindText(schedule)}` : ""}`),
    fields([
      ["When", `\`${escapeText(schedule.pattern)}\` in ${escapeText(schedule.timeZone)}`],
      ["Next", nextText(schedule)],
      ["Asked for by", person(schedule.requestedBy)],
      ["Approved by", people(schedule.approvedBy)],
      ["Approval", approvalText(schedule)],
      ["Last run", schedule.lastRunId ?? "none yet"],
      ["Target", escapeText(`${plan.system} in ${plan.cluster}/${plan.namespace}`)],
      ["Parameters", parametersText(schedule)],
    ]),
  ];
  if (schedule.lastProblem !== null) {
    blocks.push(section(`:warning: Nothing started when it was last due: ${escapeReason(schedule.lastProblem)}`));
  }
  const buttons = buttonsFor(schedule);
  if (buttons.length > 0) {
    blocks.push({ type: "actions", block_id: `schedule:${schedule.id}:${schedule.state}`, elements: buttons });
  }
  blocks.push(note(hintFor(schedule)));
  return content(`${schedule.id} ${escapeText(plan.title)}: ${words.text}`, blocks);
}

/** One schedule in a few lines, for lists. */
export function scheduleLine(schedule: Schedule): string {
  const words = stateWords[schedule.state];
  const last = schedule.lastRunId === null ? "" : `, last ${schedule.lastRunId}`;
  const problem = schedule.lastProblem === null ? "" : `\n:warning: ${escapeReason(schedule.lastProblem)}`;
  const next = schedule.state === "active" ? `, next ${nextText(schedule)}` : "";
  return `${words.icon} *${schedule.id}* ${escapeText(schedule.experiment)}: ${words.text}, \`${escapeText(schedule.pattern)}\` in ${escapeText(schedule.timeZone)}${next}${last}\n${approvalText(schedule)}${problem}`;
}

/** What the approval of a schedule is for. */
export function kindText({ kind, plan }: Schedule): string {
  return kind === "starts"
    ? "It injects nothing: approving this schedule approves all its runs."
    : `It injects a fault (risk ${plan.risk}): each run, when it comes due, needs an approval of its own.`;
}

function nextText(schedule: Schedule): string {
  if (schedule.nextDueAt !== null) return readerTime(schedule.nextDueAt);
  return schedule.state === "requested" ? "not before it is approved" : "no next run";
}

/** `1 run`, `13 runs`. */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

/** What is asked for. */
export function boundsText({ runsAllowed, validForDays }: Schedule): string {
  return `for ${counted(runsAllowed, "run")} within ${counted(validForDays, "day")}`;
}

/** Bounds in time and count, and how much of them is used. */
function approvalText(schedule: Schedule): string {
  if (schedule.approvedUntil === null) return boundsText(schedule);
  return `${schedule.runsUsed} of ${counted(schedule.runsAllowed, "run")} used, until ${readerTime(schedule.approvedUntil)}`;
}

function parametersText(schedule: Schedule): string {
  const typed = typedOptions(schedule);
  return typed.length === 0 ? "the experiment's own" : escapeText(typed.join(" "));
}

function typedOptions({ parameters, profile }: Schedule): string[] {
  return [
    ...(profile === null ? [] : [`profile=${profile}`]),
    ...Object.entries(parameters).map(([name, value]) => `${name}=${value}`),
  ];
}

/** What to type for the same run now. */
export function runByHand(schedule: Schedule): string {
  const options = [`cluster=${schedule.cluster}`, ...typedOptions(schedule)];
  return escapeText(`/chaos run ${schedule.experiment} ${options.join(" ")}`);
}

function buttonsFor(schedule: Schedule): Button[] {
  const button = (name: string, text: string, style?: "primary" | "danger"): Button => ({
    type: "button",
    action_id: `${actionPrefix}${name}`,
    text: { type: "plain_text", text },
    value: schedule.id,
    ...(style === undefined ? {} : { style }),
  });
  if (schedule.state === "requested") return [button("approve", "Approve", "primary"), button("deny", "Deny")];
  return schedule.state === "active" ? [button("unschedule", "Unschedule", "danger")] : [];
}

function hintFor({ id, state, experiment, requestExpiresAt }: Schedule): string {
  if (state === "requested") {
    return `The thread has the whole plan. In text: \`/chaos approve ${id}\`, until ${readerTime(requestExpiresAt)}`;
  }
  if (state === "active") return `Its runs are in the thread · \`/chaos unschedule ${id}\` ends it`;
  return `It has ended · \`/chaos help schedule\` tells how to schedule ${escapeText(experiment)} again`;
}
