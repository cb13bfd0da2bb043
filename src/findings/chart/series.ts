import type { History, Operation } from "../../probes/history.ts";
import { checkWrites } from "../write-counts.ts";

/** One point of the latency picture: seconds on the time axis, milliseconds of latency. */
export type Point = [atSeconds: number, latencyMs: number];

export interface ClientSeries {
  client: string;
  /** Lowest and highest latency per bucket, so that thinning hides no extreme. */
  latency: Point[];
}

/** A stretch of a lane in which one thing held. */
export interface Stretch {
  lane: string;
  fromS: number;
  toS: number;
  what: "accepted" | "accepted-then-lost" | "refused" | "unknown";
}

const buckets = 400;
/** Stretches closer than this belong together. */
const gapS = 0.3;

/** Latency of the write clients' acknowledged operations, thinned. */
export function latencySeries(history: History): ClientSeries[] {
  return history.header.clients
    .filter((client) => client.kind === "write")
    .map((client) => {
      const ok = history.operations.filter((op) => op.client === client.id && op.outcome === "ok");
      return { client: client.id, latency: thin(ok) };
    });
}

function thin(operations: readonly Operation[]): Point[] {
  const endMs = operations.reduce((latest, op) => Math.max(latest, op.plannedMs), 1);
  const widthMs = endMs / buckets;
  const extremes = new Map<number, { low: Point; high: Point }>();
  for (const op of operations) {
    const point: Point = [op.plannedMs / 1000, Math.max(0.05, op.endMs - op.plannedMs)];
    const at = Math.floor(op.plannedMs / widthMs);
    const known = extremes.get(at);
    if (known === undefined) extremes.set(at, { low: point, high: point });
    else if (point[1] < known.low[1]) known.low = point;
    else if (point[1] > known.high[1]) known.high = point;
  }
  return [...extremes.values()].flatMap(({ low, high }) => (low === high ? [low] : [low, high].toSorted((a, b) => a[0] - b[0])));
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
      continue;
    }
    const stretch = { lane, fromS: atS, toS: atS, what };
    open.set(lane, stretch);
    stretches.push(stretch);
  }
  return { lanes: lanes.toSorted(), stretches };
}

function whatBecame(op: Operation, lost: ReadonlySet<number>): Stretch["what"] {
  if (op.outcome === "ok") return lost.has(op.seq) ? "accepted-then-lost" : "accepted";
  return op.outcome === "fail" ? "refused" : "unknown";
}
