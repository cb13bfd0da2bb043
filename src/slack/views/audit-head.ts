import type { RunEvent } from "../../run/events.ts";
import { content, escapeText, note, type MessageContent } from "../limits.ts";
import { count } from "./words.ts";

/** Where the audit trail stood at the run's end: kept by Slack, out of reach of whoever can write the database. */
export function renderAuditHead(event: Extract<RunEvent, { type: "audit-head" }>): MessageContent {
  const text = `Audit trail at entry ${count(event.entry)}: \`${escapeText(event.hash)}\``;
  return content(text, [note(`:link: ${text}`)]);
}
