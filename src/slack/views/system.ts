import type { RunEvent } from "../../run/events.ts";
import { content, escapeText, section, type MessageContent } from "../limits.ts";
import { placementWords } from "./placement-words.ts";

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
    const text = `*${escapeText(event.event)}* ${escapeText(describe(event))}`.trim();
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

function describe(event: SystemEvent): string {
  const { detail } = event;
  switch (event.event) {
    case "+switch-master":
      return `${String(detail["from"])} → ${String(detail["to"])}`;
    case "role":
      return typeof detail["state"] === "string"
        ? `is ${String(detail["role"])}, ${detail["state"]}, timeline ${String(detail["timeline"])}`
        : `is ${String(detail["role"])}`;
    case "link":
      return `to ${String(detail["master"])} ${String(detail["state"])}`;
    case "client-master":
      return `writes and reads go to ${String(detail["member"])}`;
    case "lock":
      return detail["holder"] === null ? "is held by nobody" : `is held by ${String(detail["holder"])}`;
    case "wal-receiver":
      return detail["streaming"] === true ? `streams from ${String(detail["from"])}` : "has ended";
    case "leader":
      return `${detail["leader"] === null ? "none" : String(detail["leader"])}, term ${String(detail["term"])}`;
    case "fault-ended":
      return String(detail["what"]);
    case "without-quorum":
      return `${String(detail["operation"])}: ${String(detail["answer"])} (after ${String(detail["tookMs"])} ms)`;
    default:
      if (typeof detail["text"] === "string") return detail["text"];
      return (
        placementWords(event) ??
        (typeof detail["member"] === "string" ? `${String(detail["kind"])} ${detail["member"]}` : "")
      );
  }
}
