import type { History, Operation, OperationKind } from "../../probes/history.ts";
import { quantile } from "../sets.ts";

/** One point of the latency picture: seconds on the time axis, milliseconds of latency. */
/** Null breaks the line. */
export type Point = [atSeconds: number, latencyMs: number | null];

export interface ClientSeries {
  client: string;
  /** Middle and worst latency per bucket, so that thinning hides no extreme. */
  median: Point[];
  worst: Point[];
}

const buckets = 160;
/** A time without success longer than this breaks the line. */
const gapS = 0.3;

/** Latency of the acknowledged operations of the clients of a kind, from their planned time, thinned. */
export function latencySeries(history: History, kind: OperationKind): ClientSeries[] {
  const endMs = history.operations.reduce((latest, op) => Math.max(latest, op.plannedMs), 1);
  return history.header.clients
    .filter((client) => client.kind === kind)
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
