import type { History } from "../probes/history.ts";

/** Fewer acknowledged baseline writes than this share of the plan, and the baseline is no baseline. */
const leastBaselineShare = 0.9;

/**
 * Why nothing can be concluded from a history, in sentences; empty when it can. A verdict needs: a fault that was
 * injected and removed, a healthy baseline, a final read for every write client, and a schedule that was kept.
 */
export function unsoundness(history: History): string[] {
  const reasons: string[] = [];
  const injectedAt = history.events.find((event) => event.event === "fault-injected")?.atMs;
  if (injectedAt === undefined) reasons.push("the fault was never injected");
  const idle = history.events.find((event) => event.event === "fault-without-effect");
  if (idle !== undefined) {
    reasons.push(
      `${String(idle.detail["from"])} and ${String(idle.detail["to"])} still answered each other during the partition`,
    );
  }
  for (const client of history.header.clients.filter(({ kind }) => kind === "write")) {
    const read = history.finalReads.find((entry) => entry.client === client.id && entry.authoritative);
    if (read === undefined) reasons.push(`there is no final read of ${client.id} from a master that all agree on`);
    else if (read.error !== undefined) reasons.push(`the final read of ${client.id} failed: ${read.error}`);
    const baseline = history.operations.filter(
      (op) => op.client === client.id && op.plannedMs < (injectedAt ?? Number.POSITIVE_INFINITY),
    );
    const ok = baseline.filter((op) => op.outcome === "ok").length;
    if (baseline.length > 0 && ok / baseline.length < leastBaselineShare) {
      reasons.push(`${client.id} was not healthy before the fault: ${ok} of ${baseline.length} writes acknowledged`);
    }
    const spacingMs = 1000 / client.ratePerSecond;
    const p99Ms = history.loopDelay?.p99Ms ?? 0;
    // Below 10 ms spacing the loop's own millisecond timers dominate; lateness is then judged by the schedule.
    if (p99Ms > Math.max(spacingMs, 10)) {
      reasons.push(
        `the probes themselves stalled: event-loop delay p99 ${p99Ms.toFixed(1)} ms at one write per ${spacingMs.toFixed(1)} ms`,
      );
    }
  }
  return [...new Set(reasons)];
}
