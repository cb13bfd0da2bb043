import type { History } from "../probes/history.ts";
import type { JudgeContext } from "./judge.ts";
import type { Measure } from "./report.ts";
import { staleReads } from "./stale-reads.ts";
import { totalWrites } from "./write-counts.ts";

/** A time, or null when it was not observed. Sooner is better. */
export function timeMeasure(id: string, title: string, value: number | null, note?: string): Measure {
  return { id, title, value, unit: "ms", better: "lower", ...(note === undefined ? {} : { note }) };
}

/** How many acknowledged writes were lost, and which share of them. */
export function lossMeasures(context: JudgeContext): Measure[] {
  const { lost, acknowledged } = totalWrites(context.writes.map(({ counts }) => counts));
  return [
    { id: "lost", title: "Acknowledged writes lost", value: lost, unit: "writes", better: "lower" },
    {
      id: "lost-share",
      title: "Share of acknowledged writes lost",
      value: lost === null || acknowledged === 0 ? null : (100 * lost) / acknowledged,
      unit: "percent",
      better: "lower",
    },
  ];
}

/** Time without service and stale reads of every client; what can be said of any system. */
export function serviceMeasures(history: History, context: JudgeContext): Measure[] {
  const stale = staleReads(history, lostByClient(context));
  return [
    ...(context.outages.length === 0 ? [] : unavailable(history, context)),
    ...stale.map((entry): Measure => ({
      id: `stale-${entry.client}`,
      title: `Stale reads of ${entry.client}`,
      value: entry.stale,
      unit: "reads",
      better: "lower",
      note: `of ${entry.reads}${entry.stale === 0 ? "" : `; the worst missed a write ${Math.round(entry.worstMs)} ms old`}`,
    })),
  ];
}

/** The lost writes of each write client, as sets. */
export function lostByClient(context: JudgeContext): ReadonlyMap<string, ReadonlySet<number>> {
  return new Map(context.writes.map(({ client, lost }) => [client, new Set(lost)]));
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
      unit: "ms" as const,
      better: "lower" as const,
      ...(open ? { note: "and had not recovered at the end" } : {}),
    };
  });
}
