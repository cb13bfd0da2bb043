import type { History } from "../../probes/history.ts";
import { authoritativeRead } from "../write-counts.ts";

/** What became of the places in the log that acknowledged writes were given. */
export interface OffsetCheck {
  client: string;
  /** Acknowledged writes with an offset. */
  checked: number;
  /** Acknowledged at an offset that the log does not reach any more: it was cut off. */
  beyondEnd: number[];
  /** At whose offset another record stands now. */
  moved: number[];
  /** Two acknowledged writes that were given one offset. */
  shared: number;
}

/**
 * Compares every acknowledged offset with what stands there in the end. Only for logs that begin at offset 0 and have no
 * gaps (`replica-log` says so), since then the n-th value of the final read is the one at offset n; null otherwise.
 */
export function checkOffsets(history: History): OffsetCheck[] | null {
  const logs = history.events.filter((event) => event.event === "replica-log" && event.detail["role"] === "leader");
  const checks: OffsetCheck[] = [];
  for (const { id } of history.header.clients.filter(({ kind }) => kind === "write")) {
    const read = authoritativeRead(history, id);
    const log = logs.find((event) => event.detail["client"] === id);
    if (read === null || log === undefined) return null;
    if (log.detail["gaps"] !== 0 || log.detail["damaged"] !== 0 || Number(log.detail["firstOffset"]) > 0) return null;
    const values = read.ranges.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_one, at) => from + at));
    const acknowledged = history.operations.filter(
      (op) => op.client === id && op.outcome === "ok" && op.offset !== undefined,
    );
    const given = new Set(acknowledged.map((op) => op.offset));
    checks.push({
      client: id,
      checked: acknowledged.length,
      beyondEnd: acknowledged.filter((op) => (op.offset ?? 0) >= values.length).map((op) => op.seq),
      moved: acknowledged
        .filter((op) => (op.offset ?? 0) < values.length && values[op.offset ?? 0] !== op.seq)
        .map((op) => op.seq),
      shared: acknowledged.length - given.size,
    });
  }
  return checks;
}
