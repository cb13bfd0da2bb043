/**
 * Counts a history.jsonl again, from docs/history.md alone and with no code of the project: the plainest thing that
 * could work, to be compared with the checkers.
 */
export interface NaiveCounts {
  attempted: number;
  acknowledged: number;
  failed: number;
  unknown: number;
  lost: number | null;
  recovered: number | null;
  duplicated: number | null;
  unexpected: number | null;
}

interface Line {
  type: string;
  client?: string;
  kind?: string;
  seq?: number;
  outcome?: string;
  authoritative?: boolean;
  error?: string;
  ranges?: Array<[number, number]>;
  clients?: Array<{ id: string; kind: string }>;
}

export function recount(jsonl: string): Record<string, NaiveCounts> {
  const lines = jsonl
    .split("\n")
    .filter((line) => line.length > 0)
    .map((line) => JSON.parse(line) as Line);
  const result: Record<string, NaiveCounts> = {};
  for (const client of lines[0]?.clients ?? []) {
    if (client.kind !== "write") continue;
    const acknowledged: number[] = [];
    const failed: number[] = [];
    const unknown: number[] = [];
    let stored: number[] | null = null;
    let authoritative = 0;
    for (const line of lines) {
      if (line.client !== client.id) continue;
      if (line.type === "op" && line.outcome === "ok") acknowledged.push(line.seq ?? 0);
      if (line.type === "op" && line.outcome === "fail") failed.push(line.seq ?? 0);
      if (line.type === "op" && line.outcome === "unknown") unknown.push(line.seq ?? 0);
      if (line.type === "final-read" && line.authoritative === true) authoritative += 1;
      if (line.type === "final-read" && line.authoritative === true && line.error === undefined) {
        stored = [];
        for (const [from, to] of line.ranges ?? []) {
          for (let value = from; value <= to; value++) stored.push(value);
        }
      }
    }
    if (authoritative !== 1) stored = null;
    const there = stored === null ? null : new Set(stored);
    const tried = new Set([...acknowledged, ...unknown]);
    const twice = new Set<number>();
    const once = new Set<number>();
    for (const value of stored ?? []) (once.has(value) ? twice : once).add(value);
    result[client.id] = {
      attempted: acknowledged.length + failed.length + unknown.length,
      acknowledged: acknowledged.length,
      failed: failed.length,
      unknown: unknown.length,
      lost: there === null ? null : acknowledged.filter((value) => !there.has(value)).length,
      recovered: there === null ? null : unknown.filter((value) => there.has(value)).length,
      duplicated: there === null ? null : twice.size,
      unexpected: there === null ? null : [...there].filter((value) => !tried.has(value)).length,
    };
  }
  return result;
}
