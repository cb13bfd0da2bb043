import { wayOut } from "../../run/alarms/alarm.ts";
import type { OpenAlarm } from "../../run/alarms/service.ts";
import { clamp, content, escapeText, note, section, type MessageContent } from "../limits.ts";
import { buttonRow, type ButtonText } from "./button.ts";
import { readerTime } from "./reader-time.ts";
import { person, timeOfDay } from "./words.ts";

const mostShown = 12;
const mostButtons = 3;

/** The open alarms, for `/chaos alarms`. */
export function renderAlarms(open: readonly OpenAlarm[], command: string): MessageContent {
  if (open.length === 0) {
    const none = "No alarm is open: every cleanup was proven, or has been since.";
    return content(none, [section(none)]);
  }
  const rows = open.slice(0, mostShown).map((one) => section(alarmLine(one)));
  return content(alarmsSentence(open), [
    ...rows,
    ...(open.length > mostShown ? [note(`… and ${open.length - mostShown} more`)] : []),
    ...buttonRow("alarms", listButtons(open)),
    note(`\`${command} alarms ack RUN\` · \`${command} alarms check RUN\` · \`${command} alarms restart RUN POD\``),
  ]);
}

/** For the first few, what is still to be done about them. */
function listButtons(open: readonly OpenAlarm[]): ButtonText[] {
  return open
    .slice(0, mostButtons)
    .flatMap(({ alarm, run }) => [
      ...(alarm.acknowledgedAt === null ? [{ action: "pick-ack", text: `Acknowledge ${run.id}`, value: run.id }] : []),
      ...(alarm.state === "resolved"
        ? []
        : [{ action: "pick-check", text: `Heal and check ${run.id}`, value: run.id }]),
    ]);
}

/** One alarm: what is amiss, who has seen it, and how its target becomes free. */
export function alarmLine({ alarm, run }: OpenAlarm): string {
  const seen =
    alarm.acknowledgedBy === null || alarm.acknowledgedAt === null
      ? `paged ${alarm.pages} ${alarm.pages === 1 ? "time" : "times"}, acknowledged by nobody`
      : `acknowledged by ${person(alarm.acknowledgedBy)} at ${timeOfDay(alarm.acknowledgedAt)}`;
  const state = alarm.state === "resolved" ? "proven clean by now" : "not proven clean";
  const amiss =
    alarm.state === "resolved" ? "" : `\n> ${escapeText(oneLine(alarm.lastProblem ?? alarm.reasons[0] ?? ""))}`;
  return `${alarm.state === "resolved" ? ":eyes:" : ":rotating_light:"} *${run.id}* on ${escapeText(alarm.targetKey)} in <#${run.channelId.replaceAll(/[^A-Z0-9]/g, "")}>, raised ${readerTime(alarm.raisedAt)}: ${seen}; ${state}.${amiss}\nThe target stays blocked until you ${wayOut(alarm)}`;
}

/** One sentence that other answers put first while an alarm is open. */
export function alarmsSentence(open: readonly OpenAlarm[]): string {
  const runs = open.map(({ run }) => run.id);
  return `${open.length === 1 ? "An alarm is" : `${open.length} alarms are`} open: the cleanup of ${clamp(runs.join(", "), 500)} was not proven.`;
}

/** The same as a block, with what to type; nothing while no alarm is open. */
export function alarmBlocks(open: readonly OpenAlarm[], command: string) {
  return open.length === 0 ? [] : [section(`:rotating_light: ${alarmsSentence(open)} \`${command} alarms\``)];
}

function oneLine(text: string): string {
  return clamp(text.replaceAll(/\s+/g, " ").trim(), 300);
}
