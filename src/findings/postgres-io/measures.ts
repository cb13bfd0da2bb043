import { managedByCnpg } from "../cloudnative-pg/manager.ts";
import { lossMeasures, serviceMeasures, timeMeasure } from "../generic-measures.ts";
import { between, numberOrNull } from "../observed.ts";
import type { Measure } from "../report.ts";
import { isCorrupt } from "./checks.ts";
import type { IoRuleInput } from "./rule.ts";
import { shortTime, times, type Speed } from "./speeds.ts";

/** The table of measures of a run with an I/O fault. */
export function ioMeasures(input: IoRuleInput, writableMs: number | null): Measure[] {
  const { history, context, timings, speeds, checks } = input;
  const { patroni } = timings;
  const since = (id: string, title: string, toMs: number | null, note?: string): Measure =>
    timeMeasure(id, title, between(patroni.injectedMs, toMs), note);
  const failures = checks.map(({ checksumFailures }) => checksumFailures);
  return [
    ...speeds.filter(({ answered, failed }) => answered.before + failed.before > 0).flatMap(speedMeasures),
    lagMeasure(input, "bytes"),
    lagMeasure(input, "ms"),
    ...(timings.downMs === null
      ? []
      : [
          since("crashed", "Fault to the primary's server being down", timings.downMs, timings.downError ?? undefined),
          {
            id: "crashes",
            title: "Times that it was seen going down under the fault",
            value: timings.crashes,
            unit: "count",
            better: "lower",
            note: "asked twice a second, so at least so often",
          } satisfies Measure,
        ]),
    ...(managedByCnpg(history)
      ? []
      : [since("lock-taken", "Fault to the lock being taken by another", patroni.lockTakenMs)]),
    since("promoted", "Fault to another being primary", patroni.promotedMs, patroni.newPrimary ?? "nobody"),
    timeMeasure(
      "writable",
      "Fault to writes being accepted again for good",
      writableMs,
      writableMs === 0 ? "they never stopped" : undefined,
    ),
    ...(timings.downMs === null
      ? []
      : [
          since(
            "recovered",
            "Fault to the old primary running again",
            timings.recoveredMs,
            timings.recoveredAs ?? undefined,
          ),
        ]),
    {
      id: "timeline",
      title: "Timeline",
      value: patroni.timelineAfter ?? timings.timelineNow ?? patroni.timelineBefore,
      unit: "count",
      note: `before the fault: ${patroni.timelineBefore ?? "unknown"}`,
    },
    ...lossMeasures(context),
    {
      id: "damaged-members",
      title: "Members on which pg_amcheck or checksums found damage",
      value: checks.length === 0 ? null : checks.filter(isCorrupt).length,
      unit: "count",
      better: "lower",
      note: `${checks.length} checked`,
    },
    {
      id: "checksum-failures",
      title: "Reads that failed a page's checksum",
      value:
        failures.length === 0 || failures.includes(null)
          ? null
          : failures.reduce<number>((sum, count) => sum + (count ?? 0), 0),
      unit: "count",
      better: "lower",
    },
    ...serviceMeasures(history, context),
  ];
}

function speedMeasures({ query, title, beforeMs, duringMs, afterMs, factor, answered, failed }: Speed): Measure[] {
  const note = [
    factor === null ? null : `${times(factor)} the baseline of ${shortTime(beforeMs)}`,
    `${answered.during} answered`,
    failed.during === 0 ? null : `${failed.during} not`,
  ].filter((text) => text !== null);
  return [
    timeMeasure(`${query}-before`, `Before the fault: ${title}`, beforeMs, `median of ${answered.before}`),
    timeMeasure(`${query}-during`, `Under the fault: ${title}`, duringMs, note.join(", ")),
    timeMeasure(`${query}-after`, `After the fault: ${title}`, afterMs, `median of ${answered.after}`),
  ];
}

/** The highest lag that any replica had under the fault, by the primary's pg_stat_replication. */
function lagMeasure({ history, timings }: IoRuleInput, what: "bytes" | "ms"): Measure {
  const { injectedMs, removedMs } = timings.patroni;
  const seen = history.events
    .filter(
      ({ event, atMs }) =>
        event === "replication-lag" && atMs >= (injectedMs ?? Infinity) && atMs < (removedMs ?? Infinity),
    )
    .flatMap(({ detail }) => numberOrNull(detail[what]) ?? []);
  return {
    id: `replication-lag-${what}`,
    title: "Highest replication lag under the fault",
    value: seen.length === 0 ? null : seen.reduce((most, value) => Math.max(most, value), 0),
    unit: what,
    better: "lower",
  };
}
