import type { History } from "../probes/history.ts";
import { judge } from "./judge.ts";
import { latencyByPhase } from "./latency.ts";
import { findOutages } from "./outages.ts";
import type { Finding, Report, Verdicts } from "./report.ts";
import { foldRanges } from "./sets.ts";
import { unsoundness } from "./soundness.ts";
import { checkWrites, totalWrites } from "./write-counts.ts";

export interface ReportInput {
  /** Null when the run never got one, or lost it with its worker. */
  history: History | null;
  run: Omit<Report["run"], "zeroAt">;
  runVerdict: Verdicts["run"];
  cleanupVerdict: Verdicts["cleanup"];
  guards: Report["guards"];
  cleanup: Report["cleanup"];
}

const mostLostRanges = 50;
const severities: ReadonlyArray<Finding["severity"]> = ["critical", "high", "medium", "low", "info"];
/** What would only lengthen the report's timeline; it is all in the history. */
const quietEvents: ReadonlySet<string> = new Set(["offset", "pool", "shared-key-write"]);

/** Makes the report. Pure: the same input gives the same report. */
export function buildReport(input: ReportInput): Report {
  const { history } = input;
  const verdicts = { run: input.runVerdict, cleanup: input.cleanupVerdict };
  const common = {
    schemaVersion: 1 as const,
    run: { ...input.run, zeroAt: history?.header.zeroAt ?? null },
    guards: input.guards,
    cleanup: input.cleanup,
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
  const judgement = judge(history, { writes, outages, unsound, parameters: input.run.parameters });
  return {
    ...common,
    verdicts: { hypothesis: judgement.hypothesis, ...verdicts },
    because: judgement.because,
    writes: {
      total: totalWrites(writes.map(({ counts }) => counts)),
      byClient: Object.fromEntries(writes.map(({ client, counts }) => [client, counts])),
    },
    outages,
    measures: judgement.measures,
    latency: latencyByPhase(history),
    timeline: [
      ...history.phases.map(({ atMs, phase }) => ({ atMs, source: "run", event: `phase ${phase}`, detail: {} })),
      ...history.events
        .filter((event) => !quietEvents.has(event.event))
        .map(({ atMs, source, event, detail }) => ({ atMs, source, event, detail: { ...detail } })),
    ].toSorted((a, b) => a.atMs - b.atMs),
    lostRanges: Object.fromEntries(
      writes
        .filter(({ lost }) => lost.length > 0)
        .map(({ client, lost }) => [client, foldRanges(lost).slice(0, mostLostRanges)]),
    ),
    findings: judgement.findings.toSorted((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity)),
    settings: history.settings.map(({ member, name, value }) => ({ member, name, value })),
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
