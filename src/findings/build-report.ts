import type { History } from "../probes/history.ts";
import { compareWith } from "./comparison/compare.ts";
import { pastRunOf, type PastRun } from "./comparison/past-run.ts";
import { comparedWithEarlier } from "./comparison/rule.ts";
import { usualOf } from "./comparison/usual.ts";
import { expectedSteps } from "./expectations/expected-steps.ts";
import { recoveryTimes, type MeasuredRun } from "./expectations/recovery-times.ts";
import { judge } from "./judge.ts";
import { latencyByPhase, slowDowns } from "./latency.ts";
import { findOutages } from "./outages.ts";
import type { Finding, Report, ReportNote, Verdicts } from "./report.ts";
import { slippedSchedule } from "./schedule-rule.ts";
import { foldRanges } from "./sets.ts";
import { unsoundness } from "./soundness.ts";
import { wayInDown } from "./unseen.ts";
import { checkWrites, totalWrites } from "./write-counts.ts";

export interface ReportInput {
  /** Null when the run never got one, or lost it with its worker. */
  history: History | null;
  run: Omit<Report["run"], "zeroAt" | "wayIn">;
  runVerdict: Verdicts["run"];
  cleanupVerdict: Verdicts["cleanup"];
  guards: Report["guards"];
  cleanup: Report["cleanup"];
  notes?: readonly ReportNote[];
  /** Report of the last completed run of the same experiment on the same target. */
  previous?: Report | null;
  /** Earlier runs of the experiment, comparable or not; absent: they were not read. */
  earlierRuns?: readonly PastRun[];
  /** What earlier completed runs on the cluster measured, newest first. */
  measured?: readonly MeasuredRun[];
}

const mostLostRanges = 50;
const severities: ReadonlyArray<Finding["severity"]> = ["critical", "high", "medium", "low", "info"];
/** What would only lengthen the report's timeline; it is all in the history. */
const quietEvents: ReadonlySet<string> = new Set([
  "offset",
  "pool",
  "shared-key-write",
  "sample",
  "replication-lag",
  "waits",
]);

/** Makes the report. Pure: the same input gives the same report. */
export function buildReport(input: ReportInput): Report {
  const { history } = input;
  const verdicts = { run: input.runVerdict, cleanup: input.cleanupVerdict };
  const { notes = [] } = input;
  const common = {
    schemaVersion: 2 as const,
    run: {
      ...input.run,
      zeroAt: history?.header.zeroAt ?? null,
      ...(history?.header.wayIn === undefined ? {} : { wayIn: history.header.wayIn }),
    },
    guards: input.guards,
    cleanup: input.cleanup,
    ...(notes.length === 0 ? {} : { notes: [...notes] }),
  };
  if (history === null) {
    return {
      ...common,
      verdicts: { hypothesis: "inconclusive", ...verdicts },
      because: input.run.reason ?? "The run has no history.",
      writes: { total: noWrites, byClient: {} },
      outages: [],
      measures: [],
      latency: [],
      slowDowns: [],
      comparison: null,
      expected: null,
      recoveryTimes: recoveryTimes(null, input.measured ?? []),
      timeline: [],
      lostRanges: {},
      findings: [],
      settings: [],
    };
  }
  const writes = checkWrites(history);
  const outages = findOutages(history);
  const unsound = unsoundness(history);
  if (input.runVerdict === "failed" || input.runVerdict === "interrupted") {
    unsound.unshift(
      `the run ${input.runVerdict === "failed" ? "failed" : "was interrupted"}: ${input.run.reason ?? ""}`.trim(),
    );
  }
  const { id, experiment, system, endedAt, parameters } = input.run;
  const previous = input.previous ?? null;
  const judgement = judge(history, { writes, outages, unsound, parameters, previous });
  const { hypothesis, measures } = judgement;
  const settings = history.settings.map(({ member, name, value }) => ({ member, name, value }));
  const comparison = previous === null ? null : compareWith(previous, { parameters, measures, settings });
  const own = {
    run: common.run,
    verdicts: { hypothesis, ...verdicts },
    writes: {
      total: totalWrites(writes.map(({ counts }) => counts)),
      byClient: Object.fromEntries(writes.map(({ client, counts }) => [client, counts])),
    },
    measures,
    slowDowns: slowDowns(history),
    settings,
  };
  const usual = input.earlierRuns === undefined ? null : usualOf(pastRunOf(own), input.earlierRuns);
  const findings = [
    ...judgement.findings,
    ...[
      wayInDown({ history }),
      slippedSchedule({ history }),
      comparedWithEarlier({ comparison, usual, hypothesis }),
    ].filter((finding) => finding !== null),
  ];
  return {
    ...common,
    ...own,
    because: judgement.because,
    outages,
    latency: latencyByPhase(history),
    comparison,
    ...(usual === null ? {} : { usual }),
    expected: expectedSteps(experiment, measures),
    recoveryTimes: recoveryTimes({ runId: id, system, experiment, endedAt, measures }, input.measured ?? []),
    timeline: [
      ...history.phases.map(({ atMs, phase }) => ({ atMs, source: "run", event: `phase ${phase}`, detail: {} })),
      ...history.events
        .filter((event) => !quietEvents.has(event.event))
        .map(({ atMs, source, event, detail }) => ({ atMs, source, event, detail: { ...detail } })),
      ...notes.flatMap(({ atMs, by, text }) =>
        atMs === null ? [] : [{ atMs, source: by, event: "note", detail: { text } }],
      ),
    ].toSorted((a, b) => a.atMs - b.atMs),
    lostRanges: Object.fromEntries(
      writes
        .filter(({ lost }) => lost.length > 0)
        .map(({ client, lost }) => [client, foldRanges(lost).slice(0, mostLostRanges)]),
    ),
    findings: findings.toSorted((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity)),
  };
}

const noWrites: Report["writes"]["total"] = {
  attempted: 0,
  acknowledged: 0,
  failed: 0,
  unknown: 0,
  lost: null,
  recovered: null,
  duplicated: null,
  unexpected: null,
};
