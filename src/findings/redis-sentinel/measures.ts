import type { History } from "../../probes/history.ts";
import type { JudgeContext } from "../judge.ts";
import type { Measure } from "../report.ts";
import { staleReads } from "../stale-reads.ts";
import { totalWrites } from "../write-counts.ts";
import { predictedLoss } from "./predicted-loss.ts";
import { between, type Timings } from "./timings.ts";

/** The table of measures of a Redis Sentinel run, in the order of events. */
export function measure(history: History, context: JudgeContext, timings: Timings): Measure[] {
  const total = totalWrites(context.writes.map(({ counts }) => counts));
  const { injectedMs, removedMs, overlap } = timings;
  const ms = (id: string, title: string, value: number | null, note?: string): Measure => ({
    id,
    title,
    value,
    unit: "ms",
    ...(note === undefined ? {} : { note }),
  });
  const stale = staleReads(history);
  const predicted = predictedLoss(history, timings);
  return [
    ms("sdown", "Injection to first +sdown", between(injectedMs, timings.sdownMs), "one Sentinel misses the master"),
    ms("odown", "Injection to +odown", between(injectedMs, timings.odownMs), "the quorum agrees"),
    ms(
      "switch-master",
      "Injection to +switch-master",
      between(injectedMs, timings.switchMs),
      "the new master is announced",
    ),
    ms("first-new-write", "Injection to first write on the new master", between(injectedMs, timings.firstNewWriteMs)),
    ms(
      "double-acceptance",
      "Two members accepted writes at once",
      overlap === null ? 0 : overlap.toMs - overlap.fromMs,
      overlap === null ? "never" : `${overlap.older} and ${overlap.newer}`,
    ),
    ms(
      "refused-from",
      "Injection to the old master refusing writes",
      between(injectedMs, timings.refusedFromMs),
      "NOREPLICAS, by min-replicas-to-write",
    ),
    ms("demoted", "Healing to the old master's demotion", between(removedMs, timings.demotedMs)),
    ms("resynced", "Healing to the old master's full resync", between(removedMs, timings.resyncedMs)),
    { id: "lost", title: "Acknowledged writes lost", value: total.lost, unit: "writes" },
    {
      id: "lost-share",
      title: "Share of acknowledged writes lost",
      value: total.lost === null || total.acknowledged === 0 ? null : (100 * total.lost) / total.acknowledged,
      unit: "percent",
    },
    {
      id: "predicted-loss",
      title: "Loss predicted from the timings",
      value: predicted,
      unit: "writes",
      note: "rate × time on a member that was overruled",
    },
    ...(context.outages.length === 0 ? [] : unavailable(history, context)),
    ...stale.map((entry): Measure => ({
      id: `stale-${entry.client}`,
      title: `Stale reads of ${entry.client}`,
      value: entry.stale,
      unit: "reads",
      note: `of ${entry.reads}${entry.stale === 0 ? "" : `; the worst missed a write ${Math.round(entry.worstMs)} ms old`}`,
    })),
  ];
}

function unavailable(history: History, context: JudgeContext): Measure[] {
  const endMs = history.operations.reduce((latest, op) => Math.max(latest, op.plannedMs), 0);
  return history.header.clients.map((client) => {
    const own = context.outages.filter((outage) => outage.probe === client.id);
    const open = own.some((outage) => outage.endMs === null);
    return {
      id: `unavailable-${client.id}`,
      title: `Time without service for ${client.id}`,
      value: own.reduce((sum, outage) => sum + ((outage.endMs ?? endMs) - outage.startMs), 0),
      unit: "ms",
      ...(open ? { note: "and had not recovered at the end" } : {}),
    };
  });
}
