import type { History, Operation } from "../probes/history.ts";

export interface DoubleAcceptance {
  /** From the first acknowledgement by the newer member to the last by the older one. */
  fromMs: number;
  toMs: number;
  older: string;
  newer: string;
  /** Writes that the older member took and acknowledged in that time. */
  byOlder: number;
}

/**
 * Two members whose acknowledgements overlap by less than this are not called a split brain: all times are of one
 * process, but its event loop may be that late in taking an answer.
 */
export const overlapToleranceMs = 50;

/** A time in which one member acknowledged writes without a longer pause. */
interface Stretch {
  member: string;
  fromMs: number;
  toMs: number;
}

/** A pause longer than this ends a stretch; a stalled probe must not, a failover and back must. */
const pauseMs = 5000;

/**
 * The longest interval in which two members acknowledged writes; null if there was none. The older member is the one
 * that was acknowledging before. Only its writes that were sent after the newer one's first acknowledgement count:
 * an answer that was on its way proves nothing. A master that gives over and later takes over again is no double
 * acceptance.
 */
export function doubleAcceptance(history: History): DoubleAcceptance | null {
  const slowest = Math.min(
    ...history.header.clients.filter(({ kind }) => kind === "write").map((c) => c.ratePerSecond),
  );
  const longestPauseMs = Math.max(pauseMs, Number.isFinite(slowest) ? 5000 / slowest : 0);
  const byMember = acknowledgedByMember(history);
  const stretches = [...byMember].flatMap(([member, writes]) => stretchesOf(member, writes, longestPauseMs));
  let longest: DoubleAcceptance | null = null;
  for (const older of stretches) {
    for (const newer of stretches) {
      if (older.member === newer.member || newer.fromMs <= older.fromMs || newer.fromMs >= older.toMs) continue;
      const fromMs = newer.fromMs;
      const untilMs = Math.min(older.toMs, newer.toMs);
      // What the older one took while, or after, the newer one was at work: the overlap ends with its last answer.
      const late = (byMember.get(older.member) ?? []).filter((op) => op.startMs >= fromMs && op.endMs <= older.toMs);
      const last = late.at(-1);
      if (last === undefined || !late.some((op) => op.startMs <= untilMs)) continue;
      const found = { fromMs, toMs: last.endMs, older: older.member, newer: newer.member, byOlder: late.length };
      if (longest === null || found.toMs - found.fromMs > longest.toMs - longest.fromMs) longest = found;
    }
  }
  return longest;
}

/** Acknowledged writes per member, in the order of their answers. */
function acknowledgedByMember(history: History): Map<string, Operation[]> {
  const byMember = new Map<string, Operation[]>();
  for (const op of history.operations) {
    if (op.kind !== "write" || op.outcome !== "ok" || op.member === undefined) continue;
    const list = byMember.get(op.member);
    if (list === undefined) byMember.set(op.member, [op]);
    else list.push(op);
  }
  for (const list of byMember.values()) list.sort((a, b) => a.endMs - b.endMs);
  return byMember;
}

function stretchesOf(member: string, writes: readonly Operation[], longestPauseMs: number): Stretch[] {
  const stretches: Stretch[] = [];
  for (const { endMs } of writes) {
    const last = stretches.at(-1);
    if (last !== undefined && endMs - last.toMs <= longestPauseMs) last.toMs = endMs;
    else stretches.push({ member, fromMs: endMs, toMs: endMs });
  }
  return stretches;
}
