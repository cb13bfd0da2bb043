import type { History } from "../probes/history.ts";
import type { Finding } from "./report.ts";
import { number } from "./words.ts";

/** Operations this late, by the 99th percentile, were not sent when they were due. */
const latestP99Ms = 50;

/** Says it when the probes did not keep their own schedule; of any system. */
export function slippedSchedule({ history }: { history: History }): Finding | null {
  const slipped = history.schedules.filter((entry) => entry.notSent > 0 || entry.lateP99Ms > latestP99Ms);
  if (slipped.length === 0) return null;
  return {
    id: "probe.schedule-slipped",
    severity: "low",
    title: "The probes did not keep their schedule",
    evidence: slipped.map(
      (entry) =>
        `${entry.client}: ${number(entry.notSent)} of ${number(entry.planned)} not sent; late by p99 ${entry.lateP99Ms.toFixed(1)} ms, at most ${entry.lateMaxMs.toFixed(1)} ms`,
    ),
    advice:
      "Lower rate=, or give the worker a core of its own. Latencies count from the planned time, so they include this.",
  };
}
