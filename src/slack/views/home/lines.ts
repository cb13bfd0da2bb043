import type { Schedule } from "../../../run/schedules/schedule.ts";
import type { Waiting } from "../../../run/overview/overview.ts";
import type { RunRow } from "../../../run/service.ts";
import type { Plan } from "../../../run/plan.ts";
import { formatDuration } from "../../../experiment/duration.ts";
import { escapeText } from "../../limits.ts";
import type { ButtonText } from "../button.ts";
import { readerTime } from "../reader-time.ts";
import { boundsText } from "../schedule-card.ts";
import { injectsNothing, person, shortDigest, stateWords } from "../words.ts";

/** Where what was clicked is shown: in a message the click is answered, in the App Home the page itself is drawn anew. */
export type Surface = "message" | "home";

/** A request that waits, in two lines. */
export function waitingLine({ what }: Waiting): string {
  if (what.kind === "schedule") return waitingScheduleLine(what.schedule);
  const { run } = what;
  const given =
    run.plan.approvalsNeeded > 1 ? `, ${run.approvedBy.length} of ${run.plan.approvalsNeeded} approvals` : "";
  return `:hourglass_flowing_sand: *${run.id}* ${escapeText(run.plan.title)}: ${run.plan.risk} risk, ${targetText(run.plan)}\nasked for by ${person(run.requestedBy)}${given}, until ${readerTime(run.expiresAt)}`;
}

function waitingScheduleLine(schedule: Schedule): string {
  return `:calendar: *${schedule.id}* ${escapeText(schedule.plan.title)}: \`${escapeText(schedule.pattern)}\` in ${escapeText(schedule.timeZone)}, ${boundsText(schedule)}\nasked for by ${person(schedule.requestedBy)}, until ${readerTime(schedule.requestExpiresAt)}`;
}

/** A run that was approved, in one line. */
export function runningLine(run: RunRow): string {
  const words = stateWords[run.state];
  const stopping = run.abortRequestedBy === null ? "" : ` (${person(run.abortRequestedBy)} asked to stop it)`;
  return `${words.icon} *${run.id}* ${escapeText(run.plan.title)}: ${words.text}${stopping}, ${targetText(run.plan)}, asked for by ${person(run.requestedBy)} ${readerTime(run.createdAt)}`;
}

/** `for 30s on redis-0 in lab/cache`. */
export function targetText(plan: Plan): string {
  const pods = [...new Set(plan.faults.flatMap(({ subject }) => subject))];
  const named = pods.length === 0 || injectsNothing(plan) ? plan.system : pods.slice(0, 3).join(", ");
  const more = pods.length > 3 ? ` and ${pods.length - 3} more` : "";
  const how = injectsNothing(plan) ? "injects nothing," : `for ${formatDuration(plan.phases.durationMs)}`;
  return escapeText(`${how} on ${named}${more} in ${plan.cluster}/${plan.namespace}`);
}

/** What a person can do about a request. What is approved is what was seen: the plan's digest is in the button. */
export function waitingButtons({ what, role }: Waiting, surface: Surface): ButtonText[] {
  const id = idOf(what);
  const act = (action: string): string => (surface === "message" ? `pick-${action}` : action);
  const details: ButtonText = { action: "open", text: "Details", value: detailsOf(what) };
  const deny = (text: string, confirm: string): ButtonText => ({ action: act("deny"), text, value: id, confirm });
  if (role === "decide") {
    const value = what.kind === "run" ? `${id}@${shortDigest(what.run.digest)}` : id;
    const confirm = approveQuestion(what);
    return [
      { action: act("approve"), text: `Approve ${id}`, value, style: "primary", confirm },
      details,
      deny("Deny", `${id} ends, and nothing is touched.`),
    ];
  }
  if (role === "asked") return [details, deny("Withdraw", `Your request ${id} ends, and nothing is touched.`)];
  return [details];
}

function idOf(what: Waiting["what"]): string {
  return what.kind === "run" ? what.run.id : what.schedule.id;
}

function detailsOf(what: Waiting["what"]): string {
  return what.kind === "run" ? `status ${what.run.id}` : `schedules ${what.schedule.id}`;
}

/** What would happen, in plain text, for the dialog. */
export function approveQuestion(what: Waiting["what"]): string {
  const plan = what.kind === "run" ? what.run.plan : what.schedule.plan;
  const risk = `${plan.title}: ${plan.risk} risk, on ${plan.cluster}/${plan.namespace}.`;
  if (what.kind === "schedule") return `${risk} ${boundsText(what.schedule)}. Details show the whole of it.`;
  const pods = plan.faults.flatMap(({ subject }) => subject).join(", ");
  const fault = injectsNothing(plan) ? "It injects nothing." : `It injects a real fault into ${pods}.`;
  return `${risk} ${fault} Details show the whole plan.`;
}

/** Stopping is for everybody of the workspace, and asked twice only by Slack's dialog. */
export function stopButton(run: RunRow, surface: Surface): ButtonText[] {
  if (run.abortRequestedBy !== null) return [];
  const action = surface === "message" ? "pick-abort" : "stop";
  const confirm =
    run.state === "requested" || run.state === "approved"
      ? `${run.id} ends before it starts; nothing is touched.`
      : `The fault of ${run.id} is removed at once, and the run ends as aborted.`;
  return [{ action, text: `Stop ${run.id}`, value: run.id, style: "danger", confirm }];
}

/** The button that shows a run. */
export function detailsButton(run: RunRow, text = "Details"): ButtonText {
  return { action: "open", text, value: `status ${run.id}` };
}
