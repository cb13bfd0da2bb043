import type { History } from "../../probes/history.ts";
import { lossMeasures, serviceMeasures, timeMeasure } from "../generic-measures.ts";
import type { JudgeContext } from "../judge.ts";
import { between } from "../observed.ts";
import type { Measure } from "../report.ts";
import { dataIsThere, sinceDeletion, type RescheduleTimings } from "./timings.ts";

/** The table of measures of a rescheduled member, in the order of events. */
export function rescheduleMeasures(history: History, context: JudgeContext, timings: RescheduleTimings): Measure[] {
  const since = (id: string, title: string, toMs: number | null, note?: string): Measure =>
    timeMeasure(id, title, sinceDeletion(timings, toMs), note);
  const { patroni } = timings;
  const failedReads = history.operations.filter(
    (op) => op.client === "replica-reads" && op.outcome !== "ok" && op.startMs >= (timings.deletedMs ?? Infinity),
  ).length;
  return [
    since("reschedule", "Deletion to the pod ready on its new node", timings.readyMs, nodes(timings)),
    since("pod-gone", "Deletion to the old pod gone from the API", timings.goneMs),
    since("pod-created", "Deletion to the new pod object", timings.createdMs),
    since("scheduled", "Deletion to the new pod having a node", timings.scheduledMs),
    since("detaching", "Deletion to the volume being detached", timings.detachingMs, "the old node has unmounted it"),
    timeMeasure("detach", "Detaching the volume from the old node", between(timings.detachingMs, timings.detachedMs)),
    timeMeasure("attach", "Attaching the volume to the new node", between(timings.attachingMs, timings.attachedMs)),
    since("attached", "Deletion to the volume attached to the new node", timings.attachedMs),
    timeMeasure("start", "Volume attached to containers running", between(timings.attachedMs, timings.startedMs)),
    since("started", "Deletion to the containers running", timings.startedMs),
    since("answers", "Deletion to the database running again", timings.answersMs, asWhat(timings)),
    since(
      "promoted",
      "Deletion to another being primary",
      patroni.promotedMs,
      patroni.newPrimary ?? (timings.role === "replica" ? "the primary was not touched" : "nobody: no failover"),
    ),
    {
      id: "cordoned",
      title: "The node was cordoned for",
      value: between(timings.cordonedMs, timings.uncordonedMs),
      unit: "ms",
    },
    {
      id: "marker-rows",
      title: "Marker rows found again on the member's own volume",
      value: timings.markerAfter?.rows ?? null,
      unit: "count",
      note: markerNote(timings),
    },
    {
      id: "timeline",
      title: `Timeline of ${timings.member ?? "the member"}`,
      value: timings.timelineAfter,
      unit: "count",
      note: `before the deletion: ${timings.timelineBefore ?? "unknown"}; each promotion counts one, that of the same member too`,
    },
    ...lossMeasures(context),
    {
      id: "failed-replica-reads",
      title: "Reads from replicas that failed",
      value: failedReads,
      unit: "reads",
      better: "lower",
    },
    ...serviceMeasures(history, context),
  ];
}

function nodes({ fromNode, toNode }: RescheduleTimings): string {
  return `${fromNode ?? "unknown"} → ${toNode ?? "nowhere"}`;
}

function asWhat({ answersAs }: RescheduleTimings): string | undefined {
  return answersAs === null ? undefined : `as ${answersAs}`;
}

function markerNote(timings: RescheduleTimings): string {
  const there = dataIsThere(timings);
  const written = `of ${timings.markerBefore?.rows ?? "an unknown number"} written before`;
  if (there === null) return `${written}; not compared`;
  return `${written}; checksum, database and volume ${there ? "are the same" : "are NOT all the same"}`;
}
