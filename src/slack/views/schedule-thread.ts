import type { Schedule, ScheduleEvent } from "../../run/schedules/schedule.ts";
import { formatDuration } from "../../experiment/duration.ts";
import { content, escapeText, note, section, type MessageContent } from "../limits.ts";
import { escapeReason } from "./card.ts";
import { planBlocks } from "./plan.ts";
import { readerTime } from "./reader-time.ts";
import { boundsText, counted, kindText, runByHand } from "./schedule-card.ts";
import { person } from "./words.ts";

type EventOf<T extends ScheduleEvent["type"]> = Extract<ScheduleEvent, { type: T }>;

/** A start that is later than this says so. */
const worthSayingMs = 60_000;

/** The request, with everything that an approver approves. */
export function renderScheduleRequest(schedule: Schedule, event: EventOf<"requested">): MessageContent {
  const asks = `${person(event.by)} asks to run *${escapeText(schedule.experiment)}* by schedule`;
  return content(asks, [
    section(`${asks}: \`${escapeText(schedule.pattern)}\` in ${escapeText(schedule.timeZone)}`),
    section(`*If it is approved now, its runs are due*\n${list(event.next)}`),
    section(
      `*What the approval is for*\n${kindText(schedule)} It holds ${boundsText(schedule)}. Pods are found anew each time; if anything else of this plan changes, the schedule ends.`,
    ),
    ...planBlocks(schedule.plan, schedule.shapeDigest),
    note(
      `Needs ${schedule.plan.approvalsNeeded} approval by somebody else until ${readerTime(schedule.requestExpiresAt)}`,
    ),
  ]);
}

/**
 * One line for each thing that happens to a schedule, with what to type next where something is amiss. `calls`: the people
 * whom it calls.
 */
export function renderScheduleEvent(
  schedule: Schedule,
  event: Exclude<ScheduleEvent, { type: "requested" }>,
  calls: readonly string[] = [],
): MessageContent {
  const said = eventText(schedule, event);
  return line([said, ...calls.map(person)].join(" · "));
}

function eventText(schedule: Schedule, event: Exclude<ScheduleEvent, { type: "requested" }>): string {
  const { id, experiment } = schedule;
  const named = `*${id}* (${escapeText(experiment)})`;
  switch (event.type) {
    case "approved":
      return `:white_check_mark: ${person(event.by)} approved it at ${readerTime(event.at)} (${event.given} of ${event.needed})${because(event.reason)}`;
    case "activated":
      return `:calendar: It is active, for ${counted(event.runs, "run")} until ${readerTime(event.until)}. It comes due\n${list(event.next)}`;
    case "denied":
      return `:no_entry: ${person(event.by)} denied it at ${readerTime(event.at)}${because(event.reason)}`;
    case "expired":
      return ":hourglass: Nobody approved it in time; the request has expired.";
    case "cancelled":
      return `:octagonal_sign: ${person(event.by)} ended it at ${readerTime(event.at)}. A run that has started goes on.`;
    case "due": {
      const late = event.lateMs < worthSayingMs ? "" : `, ${roughly(event.lateMs)} late: no worker was up then`;
      const did = schedule.kind === "starts" ? "started" : "waits for approval";
      return `:arrow_forward: ${event.run} ${did}, due ${readerTime(event.dueAt)}${late} (${event.number} of ${event.of})`;
    }
    case "cannot-start":
      return `:warning: ${named} came due ${readerTime(event.dueAt)} and started nothing: ${escapeReason(event.message)}\n${escapeReason(event.hint)}\nThe schedule goes on. To run it now: \`${runByHand(schedule)}\``;
    case "missed":
      return `:warning: ${named} missed ${event.count === 1 ? `its time ${readerTime(event.first)}` : `${event.count} times, from ${readerTime(event.first)} to ${readerTime(event.last)}`}: no worker was up then. What is over an hour late is not run any more.\nTo run it now: \`${runByHand(schedule)}\``;
    case "ended":
      return `:checkered_flag: ${named} has ended. ${escapeReason(event.reason)}`;
  }
}

function list(times: readonly string[]): string {
  return times.map((time) => `• ${readerTime(time)}`).join("\n");
}

/** Whole minutes. */
function roughly(durationMs: number): string {
  return formatDuration(Math.round(durationMs / 60_000) * 60_000);
}

function because(reason: string | null): string {
  return reason === null ? "" : `: ${escapeText(reason)}`;
}

function line(text: string): MessageContent {
  return content(text, [section(text)]);
}
