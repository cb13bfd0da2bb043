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
    case "partition-leader":
      return `of partition ${String(detail["partition"])}: ${detail["leader"] === null ? "none" : String(detail["leader"])}, epoch ${String(detail["epoch"])}`;
    case "isr":
      return `of partition ${String(detail["partition"])}: ${String(detail["inSync"])} (${String(detail["size"])} of ${String(detail["replicas"])})`;
    case "controller":
      return `is ${String(detail["controller"])}, epoch ${String(detail["epoch"])}`;
    case "endpoint":
      return detail["pods"] === ""
        ? "no pod has the primary's label"
        : `the primary's label is on ${String(detail["pods"])}`;
    case "pool-lost":
      return `${String(detail["lost"])} of its connections; ${String(detail["active"])} active, ${String(detail["idle"])} idle, ${String(detail["waiting"])} waiting`;
    case "pool-back":
      return `with ${String(detail["active"])} active, ${String(detail["idle"])} idle, ${String(detail["waiting"])} waiting`;
    case "pool-servers":
      return detail["servers"] === "" ? "connected to nobody" : `connected to ${String(detail["servers"])}`;
    case "server":
      return detail["up"] === true
        ? `is up as a ${detail["recovering"] === true ? "replica" : "primary"}, started ${String(detail["startedAt"])}`
        : `is down: ${String(detail["error"])}`;
    case "measured":
      return `${String(detail["query"])} ${String(detail["stage"])} the fault: ${typeof detail["medianMs"] === "number" ? `${detail["medianMs"].toFixed(1)} ms` : "no answer"} (median of ${String(detail["answered"])}${detail["failed"] === 0 ? "" : `, ${String(detail["failed"])} failed`})`;
    case "amcheck":
      return detail["exitCode"] === 0
        ? "found nothing"
        : `ended with ${String(detail["exitCode"])}: ${String(detail["problem"])}`;
    case "checksums":
      return `${String(detail["now"])} failures, ${String(detail["before"])} before the fault`;
    case "content":
      return typeof detail["rows"] === "number"
        ? `${detail["rows"]} rows, hash ${String(detail["hash"])}`
        : String(detail["error"]);
    case "not-measured":
      return String(detail["problem"]);
    case "fault-ended":
      return String(detail["what"]);
    case "queue":
      return describeQueue(detail);
    case "connected":
    case "subscribed":
      return `to ${String(detail["member"])}`;
    case "disconnected":
    case "unsubscribed":
      return `from ${String(detail["member"])}: ${String(detail["reason"])}`;
    case "first-delivery":
      return `through ${String(detail["member"])}`;
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

/** `classic: down`, or `quorum: led by rabbitmq-1, 2 of 3 members online`. */
function describeQueue(detail: SystemEvent["detail"]): string {
  const { queue, leader, state, online, members } = detail;
  const count = typeof members === "number" ? `, ${String(online ?? 0)} of ${members} members online` : "";
  const words =
    leader === null || state === "down" ? `is ${String(state ?? "without a leader")}` : `led by ${String(leader)}`;
  return `${String(queue)} ${words}${count}`;
}
