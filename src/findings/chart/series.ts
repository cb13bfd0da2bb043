import type { History, Operation } from "../../probes/history.ts";
import { quantile } from "../sets.ts";
import { checkWrites } from "../write-counts.ts";

/** One point of the latency picture: seconds on the time axis, milliseconds of latency. */
/** Null breaks the line. */
export type Point = [atSeconds: number, latencyMs: number | null];

export interface ClientSeries {
  client: string;
  /** Middle and worst latency per bucket, so that thinning hides no extreme. */
  median: Point[];
  worst: Point[];
}

/** A stretch of a lane in which one thing held. */
export interface Stretch {
  lane: string;
  fromS: number;
  toS: number;
  what: "accepted" | "accepted-then-lost" | "refused" | "unknown";
  /** Writes in it. */
  writes: number;
}

const buckets = 160;
/** Stretches closer than this belong together. */
const gapS = 0.3;

/** Latency of the write clients' acknowledged operations, from their planned time, thinned. */
export function latencySeries(history: History): ClientSeries[] {
  const endMs = history.operations.reduce((latest, op) => Math.max(latest, op.plannedMs), 1);
  return history.header.clients
    .filter((client) => client.kind === "write")
    .map((client) => ({
      client: client.id,
      ...thin(
        history.operations.filter((op) => op.client === client.id && op.outcome === "ok"),
        endMs,
      ),
    }));
}

function thin(operations: readonly Operation[], endMs: number): Pick<ClientSeries, "median" | "worst"> {
  const widthMs = endMs / buckets;
  const latencies = new Map<number, number[]>();
  for (const op of operations) {
    const at = Math.floor(op.plannedMs / widthMs);
    latencies.set(at, [...(latencies.get(at) ?? []), Math.max(0.05, op.endMs - op.plannedMs)]);
  }
  const point = (at: number, share: number): Point => {
    const sorted = (latencies.get(at) ?? []).toSorted((a, b) => a - b);
    return [((at + 0.5) * widthMs) / 1000, quantile(sorted, share) ?? 0.05];
  };
  // A line over a time without any success would tell of latencies that nobody measured.
  const longestGap = Math.max(1, Math.ceil((gapS * 1000) / widthMs));
  const places = [...latencies.keys()].toSorted((a, b) => a - b);
  const line = (share: number): Point[] =>
    places.flatMap((at, index) => {
      const before = places[index - 1];
      const broken = before !== undefined && at - before > longestGap;
      return broken ? [[((before + 1) * widthMs) / 1000, null] satisfies Point, point(at, share)] : [point(at, share)];
    });
  return { median: line(0.5), worst: line(1) };
}

/**
 * For each write client and member a lane of what became of its writes: accepted and kept, accepted and lost,
 * refused, unknown. Two lanes filled at one time are a split brain.
 */
export function writeLanes(history: History): { lanes: string[]; stretches: Stretch[] } {
  const lost = new Map(checkWrites(history).map((entry) => [entry.client, new Set(entry.lost)]));
  const writes = history.operations.filter((op) => op.kind === "write").toSorted((a, b) => a.plannedMs - b.plannedMs);
  const lanes: string[] = [];
  const open = new Map<string, Stretch>();
  const stretches: Stretch[] = [];
  for (const op of writes) {
    const lane = `${op.client} → ${op.member ?? "nowhere"}`;
    if (!lanes.includes(lane)) lanes.push(lane);
    const what = whatBecame(op, lost.get(op.client) ?? new Set());
    const atS = op.plannedMs / 1000;
    const current = open.get(lane);
    if (current !== undefined && current.what === what && atS - current.toS < gapS) {
      current.toS = atS;
      current.writes += 1;
      continue;
    }
    const stretch = { lane, fromS: atS, toS: atS, what, writes: 1 };
    open.set(lane, stretch);
    stretches.push(stretch);
  }
  return { lanes: lanes.toSorted(), stretches };
}

function whatBecame(op: Operation, lost: ReadonlySet<number>): Stretch["what"] {
  if (op.outcome === "ok") return lost.has(op.seq) ? "accepted-then-lost" : "accepted";
  return op.outcome === "fail" ? "refused" : "unknown";
}
