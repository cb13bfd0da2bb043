import { sizeText } from "../../findings/words.ts";
import type { ExportedFile } from "../../run/events.ts";
import type { Exported } from "../../run/export/service.ts";
import { content, escapeText, note, section, type MessageContent } from "../limits.ts";

type Contents = Pick<Exported, "bytes" | "sha256" | "files">;

/** What stands above the file in the thread. */
export function renderExport({ bytes, sha256, files }: Contents): string {
  return `Everything of this run: ${contents(files)}; ${sizeText(bytes)} as one file, sha256 ${escapeText(sha256)}. SHA256SUMS in it covers each file.`;
}

/** What whoever asked is told, and where the file is. */
export function renderExportReply({ runId, channelId, ...what }: Exported, askedIn: string): MessageContent {
  const where = channelId === askedIn ? "the thread of" : `<#${escapeText(channelId)}>, in the thread of`;
  const text = `The files of ${escapeText(runId)} are being posted to ${where} the run.`;
  return content(text, [
    section(`*${text}*\nOne archive, ${sizeText(what.bytes)}: ${contents(what.files)}.`),
    note(`sha256 ${escapeText(what.sha256)}`),
  ]);
}

/** `report.md (21 kB), history.jsonl (2.4 MB)`. */
function contents(files: readonly ExportedFile[]): string {
  const named = files.map(({ name, bytes }) => `${escapeText(name)} (${sizeText(bytes)})`);
  return named.slice(0, 12).join(", ") + (named.length > 12 ? ` and ${named.length - 12} more` : "");
}
