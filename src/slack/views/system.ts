import type { RunEvent } from "../../run/events.ts";
import { describeEvent } from "./event-words/describe.ts";
import { content, escapeText, section, type MessageContent } from "../limits.ts";

type SystemEvent = Extract<RunEvent, { type: "system" }>;

/** Events that repeat what others say, or happen all the time. */
const noise: ReadonlySet<string> = new Set([
  "+reset-master",
  "+slave",
  "+sentinel",
  "+new-epoch",
  "+vote-for-leader",
  "+config-update-from",
  "-dup-sentinel",
  "+fix-slave-config",
  "+slave-reconf-inprog",
  "+slave-reconf-done",
  "statistics",
]);
const togetherMs = 1500;
const mostLines = 40;

/** True for what the thread tells. */
export function isTold(event: SystemEvent): boolean {
  return !noise.has(event.event);
}

/**
 * What the system said of itself, one line per event, several sources that say the same within a second and a half on
 * one. Times count from the injection once there was one (`zeroMs`).
 */
export function renderSystem(title: string, events: readonly SystemEvent[], zeroMs: number | null): MessageContent {
  const groups: Array<{ text: string; atMs: number; sources: string[] }> = [];
  for (const event of events) {
    const text = `*${escapeText(event.event)}* ${escapeText(describeEvent(event.event, event.detail))}`.trim();
    const known = groups.findLast((group) => group.text === text && event.atMs - group.atMs < togetherMs);
    if (known === undefined) groups.push({ text, atMs: event.atMs, sources: [event.source] });
    else if (!known.sources.includes(event.source)) known.sources.push(event.source);
  }
  const rows = groups.slice(-mostLines).map((group) => {
    const at =
      zeroMs === null
        ? `at ${(group.atMs / 1000).toFixed(1)} s`
        : `${group.atMs < zeroMs ? "−" : "+"}${(Math.abs(group.atMs - zeroMs) / 1000).toFixed(2)} s`;
    return `\`${at}\` ${group.text} · ${escapeText(group.sources.join(", "))}`;
  });
  return content(title, [section(`:satellite_antenna: *${title}*`), section(rows.join("\n"))]);
}
