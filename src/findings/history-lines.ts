import { historyRecords } from "../probes/recorder.ts";
import type { History, HistoryHeader, HistoryRecord } from "../probes/history.ts";
import { historyRecordSchema } from "./history-schema.ts";

/** `history.jsonl`, a line a record; the format is docs/history.md. */
export function* historyLines(history: History): Generator<string> {
  for (const record of historyRecords(history)) yield JSON.stringify(record);
}

/**
 * Reads `history.jsonl`. Throws with the line number of the first line that is no record of docs/history.md, of a second
 * header, and of an operation or final read of a client that the header does not name. Empty lines are skipped.
 */
export function parseHistory(lines: Iterable<string>): History {
  let header: HistoryHeader | undefined;
  const history: Omit<History, "header"> = {
    operations: [],
    events: [],
    phases: [],
    finalReads: [],
    settings: [],
    schedules: [],
  };
  const clients = new Set<string>();
  let number = 0;
  for (const line of lines) {
    number += 1;
    if (line === "") continue;
    const record = parseLine(line, number, header);
    if ((record.type === "op" || record.type === "final-read") && !clients.has(record.client)) {
      throw new Error(`line ${number}: the header names no client ${record.client}`);
    }
    switch (record.type) {
      case "header":
        if (header !== undefined) throw new Error(`line ${number}: a second header`);
        header = record;
        for (const { id } of record.clients) clients.add(id);
        break;
      case "op":
        history.operations.push(record);
        break;
      case "event":
        history.events.push(record);
        break;
      case "phase":
        history.phases.push(record);
        break;
      case "final-read":
        history.finalReads.push(record);
        break;
      case "setting":
        history.settings.push(record);
        break;
      case "schedule":
        history.schedules.push(record);
        break;
      case "loop-delay":
        history.loopDelay = record;
        break;
    }
  }
  if (header === undefined) throw new Error("line 1: there is no header");
  return { header, ...history };
}

function parseLine(line: string, number: number, header: HistoryHeader | undefined): HistoryRecord {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new Error(`line ${number}: not JSON`);
  }
  const type = typeof value === "object" && value !== null && "type" in value ? value.type : undefined;
  if (header === undefined && type !== "header") {
    throw new Error(`line ${number}: the first record must be the header`);
  }
  const parsed = historyRecordSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = issue?.path.join(".") ?? "";
  if (issue?.code === "invalid_union" && where === "type") throw new Error(`line ${number}: unknown record type`);
  throw new Error(`line ${number}: not a record: ${where === "" ? "" : `${where}: `}${issue?.message ?? "invalid"}`);
}
