import type { RunObserver } from "../run/observer.ts";
import type { RunEventBody } from "../run/events.ts";
import type { Instruments } from "./instruments.ts";

/** When faults of a run were removed, and what was proven since. */
interface Removal {
  kinds: Array<{ kind: string; atMs: number }>;
  provenAtMs: number | null;
  isProven: boolean;
}

/** Counts what a worker's runs do. `nowMs`: a monotonic clock. */
export function observeRuns(instruments: Instruments, nowMs: () => number): RunObserver {
  const removals = new Map<string, Removal>();
  const hear = (runId: string, event: RunEventBody): void => {
    if (event.type === "fault-injected") {
      instruments.injectionSeconds.observe({ kind: event.kind }, event.tookMs / 1000);
    } else if (event.type === "fault-removed") {
      instruments.removalSeconds.observe({ kind: event.kind }, event.tookMs / 1000);
      const removal = removals.get(runId) ?? { kinds: [], provenAtMs: null, isProven: true };
      removal.kinds.push({ kind: event.kind, atMs: nowMs() });
      removals.set(runId, removal);
    } else if (event.type === "healing-proof") {
      const removal = removals.get(runId);
      if (removal === undefined) return;
      removal.provenAtMs = nowMs();
      removal.isProven &&= event.ok;
    } else if (event.type === "state" && event.to === "judging") {
      const { kinds, provenAtMs, isProven } = removals.get(runId) ?? { kinds: [], provenAtMs: null, isProven: false };
      removals.delete(runId);
      if (provenAtMs === null || !isProven) return;
      for (const { kind, atMs } of kinds) instruments.proofSeconds.observe({ kind }, (provenAtMs - atMs) / 1000);
    }
  };
  return {
    events: (runId, events) => events.forEach((event) => hear(runId, event)),
    operation: (system, { client, kind, outcome, plannedMs, endMs }) => {
      instruments.operations.inc({ system, client, kind, outcome });
      if (outcome !== "ok") return;
      instruments.operationSeconds.observe({ system, client, kind }, Math.max(0, endMs - plannedMs) / 1000);
    },
    leaseLost: (runId) => {
      removals.delete(runId);
      instruments.leaseLosses.inc();
    },
  };
}
