import type { History } from "../../probes/history.ts";
import type { Timings } from "./timings.ts";

/** A client stays with the old master if it still got acknowledgements there so long after the switch. */
const staysAfterMs = 1000;

/**
 * How many acknowledged writes a partition must lose: rate × t for everybody until the new master is announced, and
 * then for the clients that stay with the old one, until it stops accepting: for want of replicas, or when it is
 * demoted after healing (anchors/consistency-and-failover.md 0.1, confirmed there within 1 %). Null without a
 * failover: then nothing is overwritten. Null for a kill: what a dead master had not sent yet is no matter of time.
 */
export function predictedLoss(history: History, timings: Timings): number | null {
  return lossUntil(history, timings, timings.refusedFromMs ?? timings.demotedMs ?? timings.removedMs);
}

/**
 * What the same run would have lost if the old master had never refused for want of replicas: accepting until it was
 * demoted. Clients that wrote to it when it began to refuse count as staying. Null when it did not refuse.
 */
export function lossWithoutRefusal(history: History, timings: Timings): number | null {
  if (timings.refusedFromMs === null) return null;
  return lossUntil(history, timings, timings.demotedMs ?? timings.removedMs);
}

function lossUntil(history: History, timings: Timings, stopsMs: number | null): number | null {
  const { injectedMs, switchMs, oldMaster } = timings;
  if (timings.killed !== null || injectedMs === null || switchMs === null || oldMaster === null || stopsMs === null)
    return null;
  const writers = history.header.clients.filter((client) => client.kind === "write");
  return Math.round(
    writers.reduce((sum, client) => {
      const stays = history.operations.some(
        (op) =>
          op.client === client.id &&
          op.member === oldMaster &&
          (op.outcome === "ok" || op.error === "NOREPLICAS") &&
          op.startMs > switchMs + staysAfterMs,
      );
      const untilMs = stays ? stopsMs : Math.min(switchMs, stopsMs);
      return sum + (client.ratePerSecond * Math.max(0, untilMs - injectedMs)) / 1000;
    }, 0),
  );
}
