import type { FinalRead } from "../probes/history.ts";

/** How often each value occurs in the ranges of a final read. */
export function multiset(ranges: FinalRead["ranges"]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const [from, to] of ranges) {
    for (let value = from; value <= to; value += 1) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return counts;
}

/** Sorted numbers as runs: [1,2,3,7] → [[1,3],[7,7]]. */
export function foldRanges(values: Iterable<number>): Array<[number, number]> {
  const ranges: Array<[number, number]> = [];
  for (const value of [...values].toSorted((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last !== undefined && value <= last[1] + 1) last[1] = value;
    else ranges.push([value, value]);
  }
  return ranges;
}

/** Nearest-rank quantile of sorted values; null of none. */
export function quantile(sorted: readonly number[], share: number): number | null {
  if (sorted.length === 0) return null;
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null;
}
