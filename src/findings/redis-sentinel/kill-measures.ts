import type { History } from "../../probes/history.ts";
import { lossMeasures, serviceMeasures, timeMeasure } from "../generic-measures.ts";
import type { JudgeContext } from "../judge.ts";
import type { Measure } from "../report.ts";
import { between } from "../observed.ts";
import type { Timings } from "./timings.ts";

/** The table of measures of a killed master, in the order of events. */
export function killMeasures(history: History, context: JudgeContext, timings: Timings): Measure[] {
  const since = (id: string, title: string, toMs: number | null, note?: string): Measure =>
    timeMeasure(id, title, between(timings.injectedMs, toMs), note);
  const returned = acceptedAfterReturn(history, timings);
  return [
    since("sdown", "Kill to first +sdown", timings.sdownMs, "one Sentinel misses the master"),
    since("odown", "Kill to +odown", timings.odownMs, "the quorum agrees"),
    since("elected", "Kill to a Sentinel being elected to fail over", timings.electedMs),
    since("switch-master", "Kill to +switch-master", timings.switchMs, "the new master is announced"),
    since("first-new-write", "Kill to first write on the new master", timings.firstNewWriteMs),
    since("back", "Kill to the killed member answering again", timings.backMs),
    since("demoted", "Kill to its return as a replica", timings.demotedMs),
    since("resynced", "Kill to its link to the new master being up", timings.resyncedMs),
    {
      id: "returned-as-master",
      title: "It accepted writes as a master after its return",
      value: returned === null ? 0 : returned.toMs - returned.fromMs,
      unit: "ms",
      better: "lower",
      note: returned === null ? "never" : `${returned.writes} writes`,
    },
    ...lossMeasures(context),
    ...serviceMeasures(history, context),
  ];
}

/** The writes that the killed member acknowledged after another had been promoted; null if there were none. */
export function acceptedAfterReturn(
  history: History,
  { killed, switchMs }: Timings,
): { fromMs: number; toMs: number; writes: number } | null {
  if (killed === null || switchMs === null) return null;
  const ends = history.operations
    .filter((op) => op.kind === "write" && op.outcome === "ok" && op.member === killed && op.startMs > switchMs)
    .map((op) => op.endMs);
  if (ends.length === 0) return null;
  return {
    fromMs: ends.reduce((least, ms) => Math.min(least, ms)),
    toMs: ends.reduce((most, ms) => Math.max(most, ms)),
    writes: ends.length,
  };
}
