import type { History } from "../probes/history.ts";

export interface StaleReads {
  client: string;
  reads: number;
  stale: number;
  /** Of the stale ones: those that missed only writes which were lost for good. The loss seen early, not a late copy. */
  missedOnlyLost: number;
  /** Longest time between a missed write's acknowledgement and the start of the read that missed it. */
  worstMs: number;
}

/**
 * Reads that began after a write of their write client had been acknowledged and saw less than it. `lost` are the lost
 * writes per write client (none known: every stale read counts as one of a late copy).
 */
export function staleReads(history: History, lost: ReadonlyMap<string, ReadonlySet<number>> = new Map()): StaleReads[] {
  return history.header.clients
    .filter((client) => client.kind === "read" && client.reads !== undefined)
    .map((client) => {
      const acknowledged = history.operations
        .filter((op) => op.client === client.reads && op.outcome === "ok")
        .toSorted((a, b) => a.endMs - b.endMs);
      const reads = history.operations
        .filter((op) => op.client === client.id && op.outcome === "ok" && op.seen !== undefined)
        .toSorted((a, b) => a.startMs - b.startMs);
      let next = 0;
      let stale = 0;
      let missedOnlyLost = 0;
      let worstMs = 0;
      let highestKept = 0;
      const lostHere = lost.get(client.reads ?? "");
      // The acknowledged writes so far, with rising numbers only, so that the oldest missed one is quickly found.
      const rising: Array<{ seq: number; endMs: number }> = [];
      for (const read of reads) {
        for (; next < acknowledged.length && (acknowledged[next]?.endMs ?? 0) < read.startMs; next += 1) {
          const { seq = 0, endMs = 0 } = acknowledged[next] ?? {};
          if (seq > (rising.at(-1)?.seq ?? 0)) rising.push({ seq, endMs });
          if (seq > highestKept && lostHere?.has(seq) !== true) highestKept = seq;
        }
        const seen = read.seen ?? 0;
        if ((rising.at(-1)?.seq ?? 0) <= seen) continue;
        stale += 1;
        if (highestKept <= seen) missedOnlyLost += 1;
        worstMs = Math.max(worstMs, read.startMs - firstAbove(rising, seen));
      }
      return { client: client.id, reads: reads.length, stale, missedOnlyLost, worstMs };
    });
}

/** When the first write above `seen` was acknowledged; binary search, since numbers rise. */
function firstAbove(rising: ReadonlyArray<{ seq: number; endMs: number }>, seen: number): number {
  let low = 0;
  let high = rising.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((rising[middle]?.seq ?? 0) > seen) high = middle;
    else low = middle + 1;
  }
  return rising[low]?.endMs ?? 0;
}
