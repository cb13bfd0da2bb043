import type { History } from "../../probes/history.ts";
import { lossMeasures, serviceMeasures, timeMeasure } from "../generic-measures.ts";
import type { JudgeContext } from "../judge.ts";
import type { Measure } from "../report.ts";
import { between } from "../observed.ts";
import { seconds } from "../words.ts";
import type { PatroniTimings } from "./timings.ts";

/** How the old primary rejoined, in words. */
export const rejoinWords = {
  rewound: "rewound by pg_rewind",
  copied: "copied anew by a base backup",
  "as-it-was": "on its own data, without rewind",
  unknown: "how is not known",
} as const;

/** The table of measures of a run against PostgreSQL with Patroni, in the order of events. */
export function patroniMeasures(history: History, context: JudgeContext, timings: PatroniTimings): Measure[] {
  const { overlap } = timings;
  const since = (id: string, title: string, toMs: number | null, note?: string): Measure =>
    timeMeasure(id, title, between(timings.injectedMs, toMs), note);
  const failedReads = history.operations.filter(
    (op) => op.client === "replica-reads" && op.outcome !== "ok" && op.startMs >= (timings.injectedMs ?? Infinity),
  ).length;
  return [
    ...(timings.killed ? [since("gone", "Fault to the old primary not answering", timings.goneMs)] : []),
    since(
      "leader-loss-seen",
      "Fault to a replica receiving no WAL any more",
      timings.leaderLossSeenMs,
      timings.leaderLossSeenBy === null
        ? "pg_stat_wal_receiver went on: a connection that is cut silently ends with wal_receiver_timeout, 60 s by default"
        : `${timings.leaderLossSeenBy}, by pg_stat_wal_receiver, looked at four times a second`,
    ),
    since(
      "lock-expired",
      "Fault to the leader lock being free",
      timings.lockExpiredMs,
      "ttl counts from the last renewal",
    ),
    since("lock-taken", "Fault to the lock being taken by another", timings.lockTakenMs),
    ...(timings.killed
      ? []
      : [
          since("demoted", "Fault to the old primary being none any more", timings.demotedMs, "by its own word"),
          since("last-old-write", "Fault to its last acknowledged write", timings.lastOldWriteMs),
        ]),
    since("promoted", "Fault to another being primary", timings.promotedMs, timings.newPrimary ?? "nobody"),
    since(
      "endpoint",
      "Fault to the services' label on the new primary",
      timings.endpointMs,
      "looked at twice a second",
    ),
    since("first-new-write", "Fault to the first write on the new primary", timings.firstNewWriteMs),
    ...(timings.killed ? [since("back", "Fault to the old primary answering again", timings.backMs)] : []),
    since(
      "rejoined",
      "Fault to the old primary running as a replica",
      timings.rejoinedMs,
      timings.rejoinedMs === null ? undefined : rejoinWords[timings.rejoin ?? "unknown"],
    ),
    ...(timings.killed ? [] : [lockBack(history, timings)]),
    {
      id: "double-acceptance",
      title: "Two members accepted writes at once",
      value: overlap === null ? 0 : overlap.toMs - overlap.fromMs,
      unit: "ms",
      better: "lower",
      note: overlap === null ? "never" : `${overlap.older} and ${overlap.newer}`,
    },
    ...lossMeasures(context),
    {
      id: "bytes-beyond-fork",
      title: "WAL of the old primary beyond the fork",
      value: timings.bytesBeyondFork,
      unit: "bytes",
      better: "lower",
      note: "seen once a second, so at least this much; it holds more than the probes' rows",
    },
    {
      id: "failed-replica-reads",
      title: "Reads from replicas that failed",
      value: failedReads,
      unit: "reads",
      better: "lower",
    },
    {
      id: "timeline",
      title: "Timeline",
      value: timings.timelineAfter ?? timings.timelineBefore,
      unit: "count",
      note: `before the fault: ${timings.timelineBefore ?? "unknown"}`,
    },
    ...serviceMeasures(history, context),
  ];
}

/** What must not happen; how long it was looked for says what its absence is worth. */
function lockBack(history: History, { removedMs, lockBackMs, watchedMs }: PatroniTimings): Measure {
  const ttl = Number(history.settings.find(({ name }) => name === "ttl")?.value);
  const wanted = Number.isFinite(ttl) ? `; an old primary may act for 2 × ttl, ${2 * ttl} s` : "";
  const watched = between(removedMs, watchedMs);
  return {
    id: "lock-back",
    title: "Healing to the old primary taking the lock back",
    value: between(removedMs, lockBackMs),
    unit: "ms",
    note:
      watched === null ? "how long it was watched is not known" : `watched for ${seconds(watched)} after it${wanted}`,
  };
}
