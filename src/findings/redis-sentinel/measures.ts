import type { History } from "../../probes/history.ts";
import type { JudgeContext } from "../judge.ts";
import type { Measure } from "../report.ts";
import { lossMeasures, serviceMeasures, timeMeasure } from "../generic-measures.ts";
import { predictedLoss } from "./predicted-loss.ts";
import { between } from "../observed.ts";
import type { Timings } from "./timings.ts";

/** The table of measures of a Redis Sentinel run, in the order of events. */
export function measure(history: History, context: JudgeContext, timings: Timings): Measure[] {
  const { injectedMs, removedMs, overlap } = timings;
  const predicted = predictedLoss(history, timings);
  return [
    timeMeasure(
      "sdown",
      "Injection to first +sdown",
      between(injectedMs, timings.sdownMs),
      "one Sentinel misses the master",
    ),
    timeMeasure("odown", "Injection to +odown", between(injectedMs, timings.odownMs), "the quorum agrees"),
    timeMeasure(
      "switch-master",
      "Injection to +switch-master",
      between(injectedMs, timings.switchMs),
      "the new master is announced",
    ),
    timeMeasure(
      "first-new-write",
      "Injection to first write on the new master",
      between(injectedMs, timings.firstNewWriteMs),
    ),
    timeMeasure(
      "double-acceptance",
      "Two members accepted writes at once",
      overlap === null ? 0 : overlap.toMs - overlap.fromMs,
      overlap === null ? "never" : `${overlap.older} and ${overlap.newer}`,
    ),
    timeMeasure(
      "refused-from",
      "Injection to the old master refusing writes",
      between(injectedMs, timings.refusedFromMs),
      "NOREPLICAS, by min-replicas-to-write",
    ),
    timeMeasure("demoted", "Healing to the old master's demotion", between(removedMs, timings.demotedMs)),
    timeMeasure("resynced", "Healing to the old master's full resync", between(removedMs, timings.resyncedMs)),
    ...lossMeasures(context),
    {
      id: "predicted-loss",
      title: "Loss predicted from the timings",
      value: predicted,
      unit: "writes",
      note: "rate × time on a member that was overruled",
    },
    ...serviceMeasures(history, context),
  ];
}
