import { historyRecords } from "../probes/recorder.ts";
import type { History, HistoryHeader, HistoryRecord } from "../probes/history.ts";

/** `history.jsonl`, a line a record; the format is docs/history.md. */
export function* historyLines(history: History): Generator<string> {
  for (const record of historyRecords(history)) yield JSON.stringify(record);
}

/** Reads `history.jsonl`. Throws with the line number of the first line that is no record. */
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
  let number = 0;
  for (const line of lines) {
    number += 1;
    if (line === "") continue;
    const record = parseLine(line, number);
    if (number === 1 && record.type !== "header") throw new Error("line 1: the first record must be the header");
    switch (record.type) {
      case "header":
        header = record;
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
      default:
        throw new Error(`line ${number}: unknown record type`);
    }
  }
  if (header === undefined) throw new Error("line 1: there is no header");
  return { header, ...history };
}

function parseLine(line: string, number: number): HistoryRecord {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new Error(`line ${number}: not JSON`);
  }
  if (typeof value === "object" && value !== null && "type" in value) return value as HistoryRecord;
  throw new Error(`line ${number}: not a record`);
}
