import type { History } from "../../probes/history.ts";
import type { Timings } from "./timings.ts";

/**
 * How many acknowledged writes a partition must lose: rate × t for everybody until the new master is announced, and
 * then for the clients that stay with the old one, until it stops accepting: for want of replicas, or when it is
 * demoted after healing (anchors/consistency-and-failover.md 0.1, confirmed there within 1 %). Null without a
 * failover: then nothing is overwritten.
 */
export function predictedLoss(history: History, timings: Timings): number | null {
  const { injectedMs, switchMs, oldMaster } = timings;
  if (injectedMs === null || switchMs === null || oldMaster === null) return null;
  const writers = history.header.clients.filter((client) => client.kind === "write");
  const stopsMs = timings.refusedFromMs ?? timings.demotedMs ?? timings.removedMs;
  if (stopsMs === null) return null;
  return Math.round(
    writers.reduce((sum, client) => {
      const stays = history.operations.some(
        (op) =>
          op.client === client.id && op.member === oldMaster && op.outcome === "ok" && op.startMs > switchMs + 1000,
      );
      const untilMs = stays ? stopsMs : Math.min(switchMs, stopsMs);
      return sum + (client.ratePerSecond * Math.max(0, untilMs - injectedMs)) / 1000;
    }, 0),
  );
}
