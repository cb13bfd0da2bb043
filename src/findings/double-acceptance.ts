import type { History } from "../probes/history.ts";

export interface DoubleAcceptance {
  /** From the first acknowledgement by the newer member to the last by the older one. */
  fromMs: number;
  toMs: number;
  older: string;
  newer: string;
  /** Writes that the older member acknowledged in that time. */
  byOlder: number;
}

interface Span {
  member: string;
  firstMs: number;
  lastMs: number;
}

/**
 * The interval in which two members acknowledged writes; null if there was none. A member's span runs from its first
 * to its last acknowledgement (the moment the client got it).
 */
export function doubleAcceptance(history: History): DoubleAcceptance | null {
  const writes = history.operations.filter(
    (op) => op.kind === "write" && op.outcome === "ok" && op.member !== undefined,
  );
  const spans = new Map<string, Span>();
  for (const { member = "", endMs } of writes) {
    const span = spans.get(member) ?? { member, firstMs: endMs, lastMs: endMs };
    spans.set(member, {
      member,
      firstMs: Math.min(span.firstMs, endMs),
      lastMs: Math.max(span.lastMs, endMs),
    });
  }
  const inOrder = [...spans.values()].toSorted((a, b) => a.firstMs - b.firstMs);
  let widest: DoubleAcceptance | null = null;
  for (const [at, older] of inOrder.entries()) {
    for (const newer of inOrder.slice(at + 1)) {
      const toMs = older.lastMs;
      const fromMs = newer.firstMs;
      if (toMs <= fromMs || (widest !== null && toMs - fromMs <= widest.toMs - widest.fromMs)) continue;
      const byOlder = writes.filter(
        (op) => op.member === older.member && op.endMs >= fromMs && op.endMs <= toMs,
      ).length;
      widest = { fromMs, toMs, older: older.member, newer: newer.member, byOlder };
    }
  }
  return widest;
}
