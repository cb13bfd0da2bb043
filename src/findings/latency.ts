import type { History, Operation } from "../probes/history.ts";
import type { Report } from "./report.ts";
import { quantile } from "./sets.ts";

/** A p99 of fewer values than this is not quoted. */
const leastForP99 = 100;

/** Latency of successful operations from their planned time, per client and phase. */
export function latencyByPhase(history: History): Report["latency"] {
  return history.header.clients.flatMap((client) => {
    const operations = history.operations.filter((op) => op.client === client.id && op.outcome === "ok");
    return phaseWindows(history).map(({ phase, fromMs, toMs }) => {
      const latencies = operations
        .filter((op) => op.plannedMs >= fromMs && op.plannedMs < toMs)
        .map((op: Operation) => op.endMs - op.plannedMs)
        .toSorted((a, b) => a - b);
      return {
        client: client.id,
        phase,
        count: latencies.length,
        p50Ms: quantile(latencies, 0.5),
        p99Ms: latencies.length < leastForP99 ? null : quantile(latencies, 0.99),
        maxMs: latencies.at(-1) ?? null,
      };
    });
  });
}

/** Phases with their ends. The last one ends with the history. */
export function phaseWindows(history: History): Array<{ phase: string; fromMs: number; toMs: number }> {
  return history.phases.map((mark, at) => ({
    phase: mark.phase,
    fromMs: mark.atMs,
    toMs: history.phases[at + 1]?.atMs ?? Number.POSITIVE_INFINITY,
  }));
}
