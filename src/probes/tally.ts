import type { Operation, OperationKind } from "./history.ts";
import type { ProbeStatus } from "./system.ts";

/** Seconds of history in the live picture. */
const windowSeconds = 60;

interface Second {
  due: number;
  ok: number;
  latenciesMs: number[];
}

/** Counts one client's operations for the live picture: totals, and what each second held. */
export interface Tally {
  add(operation: Operation): void;
  status(nowMs: number, member: string | null): ProbeStatus["clients"][number];
}

export function createTally(client: string, kind: OperationKind): Tally {
  const totals = { ok: 0, fail: 0, unknown: 0 };
  const seconds = new Map<number, Second>();
  return {
    add: (operation) => {
      totals[operation.outcome] += 1;
      const at = Math.floor(operation.endMs / 1000);
      const second = seconds.get(at) ?? { due: 0, ok: 0, latenciesMs: [] };
      second.due += 1;
      if (operation.outcome === "ok") {
        second.ok += 1;
        second.latenciesMs.push(operation.endMs - operation.plannedMs);
      }
      seconds.set(at, second);
      seconds.delete(at - windowSeconds - 2);
    },
    status: (nowMs, member) => {
      const current = Math.floor(nowMs / 1000);
      const last = seconds.get(current - 1);
      const latencies = (last?.latenciesMs ?? []).toSorted((a, b) => a - b);
      const first = Math.max(0, current - windowSeconds);
      return {
        client,
        kind,
        ...totals,
        okPerSecond: last?.ok ?? 0,
        p50Ms: quantile(latencies, 0.5),
        p99Ms: quantile(latencies, 0.99),
        member,
        okRatio: Array.from({ length: current - first }, (_unused, at) => {
          const second = seconds.get(first + at);
          return second === undefined ? null : second.ok / second.due;
        }),
      };
    },
  };
}

/** Nearest-rank quantile of sorted values; null of none. */
export function quantile(sorted: readonly number[], share: number): number | null {
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? sorted[0] ?? null;
}
