import { buildReport } from "../findings/build-report.ts";
import { historyLines } from "../findings/history-lines.ts";
import { chartFile, type DrawnChart } from "../findings/chart/picture.ts";
import { reportHtml } from "../findings/html/report-html.ts";
import { reportMarkdown } from "../findings/markdown.ts";
import type { Report, ReportNote } from "../findings/report.ts";
import { messageOf } from "../errors.ts";
import { redactDeep } from "../redact.ts";
import type { AuditHead } from "../audit/entry.ts";
import type { History } from "../probes/history.ts";
import { saveArtifact } from "../store/artifacts.ts";
import { auditHead } from "../store/audit.ts";
import { setFaultState, faultsOf } from "../store/faults.ts";
import { databaseNow, type Database } from "../store/database.ts";
import type { StoredRun } from "../store/runs.ts";
import type { Paging } from "./alarms/alarm.ts";
import { raiseIfUnproven } from "./alarms/raise.ts";
import { readEarlier, type Earlier } from "./earlier.ts";
import type { Artifact } from "./events.ts";
import { notesForReport } from "./note.ts";
import type { GuardEvent } from "./guards.ts";
import type { HealingProof } from "./faults/fault-kind.ts";
import type { Journal } from "./journal.ts";
import { noteAuditHead } from "./note-audit-head.ts";
import type { RunOutcome } from "./lifecycle.ts";
import type { Registry } from "./systems.ts";

/** Draws a run's charts, outside this process's event loop. */
export type ChartRenderer = (history: History, report: Report) => Promise<DrawnChart[]>;

export interface Conclusion {
  deps: {
    database: Database;
    registry: Pick<Registry, "hide">;
    paging?: Paging;
    renderCharts: ChartRenderer;
    log: (message: string, detail?: Record<string, unknown>) => void;
  };
  run: StoredRun;
  journal: Journal;
  guards: readonly GuardEvent[];
  ending: { outcome: RunOutcome; reason: string | null };
  /** Null when the run never got a history, or lost it with its worker. */
  history: History | null;
  proofs: readonly HealingProof[];
}

/** Judges the run, stores its files, and ends it: the last thing an owner does. */
export async function conclude(conclusion: Conclusion): Promise<void> {
  const { deps, run, journal, history } = conclusion;
  // What a driver said of the data path goes into the report and the alarm.
  const proofs = deps.registry.hide(conclusion.proofs);
  const cleanedUp = proofs.every((proof) => proof.ok);
  const earlier = await readEarlier(deps.database, run, deps.log);
  const { report: shown, ending } = await judged(conclusion, cleanedUp, {
    ...earlier,
    head: await auditHead(deps.database),
    endedAt: await databaseNow(deps.database),
    notes: await notesForReport(deps.database, run.id),
  });
  const report = deps.registry.hide(shown);
  const charts = await drawCharts(conclusion, report);
  const artifacts = makeArtifacts(history, report, charts, deps.registry);
  for (const artifact of artifacts) await saveArtifact(deps.database, run.id, artifact);
  for (const fault of await faultsOf(deps.database, run.id)) {
    await setFaultState(deps.database, run.id, fault.faultId, cleanedUp ? "verified" : "unverified");
  }
  await journal.say({
    type: "judged",
    report,
    artifacts: artifacts.map((artifact) => artifact.name),
    charts: charts
      .filter(({ shownIn }) => shownIn !== "report")
      .map(({ id, alt }) => ({ file: chartFile(id, ".png"), alt })),
  });
  await noteAuditHead(deps, run.id, journal);
  await journal.move(ending.outcome, {
    outcome: ending.outcome,
    ...(ending.reason === null ? {} : { reason: ending.reason }),
    ...(history === null ? {} : { atMs: lastMs(history) }),
    // With the end itself: no run ends unproven without somebody being told.
    also: (client) => raiseIfUnproven(client, { run, proofs, paging: deps.paging }),
  });
}

/** What the database has beside the run itself. */
interface Stored extends Earlier {
  head: AuditHead | null;
  /** ISO 8601, by the clock that also said when the run began: the worker's own may be an hour off. */
  endedAt: string;
  /** What people wrote down so far. */
  notes: ReportNote[];
}

/**
 * The report, and how the run ends with it. A history that a judge cannot read makes a failed run without a judgement,
 * whose history is kept all the same: the fault is healed by then, and only the reading went wrong.
 */
async function judged(
  conclusion: Conclusion,
  cleanedUp: boolean,
  stored: Stored,
): Promise<{ report: Report; ending: Conclusion["ending"] }> {
  const { deps, run, journal, ending } = conclusion;
  try {
    return { report: reportOf(conclusion, cleanedUp, stored), ending };
  } catch (error) {
    deps.log("the report could not be made", { run: run.id, error: error instanceof Error ? error.stack : error });
    const message = "The run could not be judged: making the report failed.";
    const hint = "What was measured is in history.jsonl; the worker's log says what went wrong.";
    await journal.say({ type: "problem", code: "internal", message, hint });
    const failed = { outcome: "failed", reason: message } as const;
    return { report: reportOf({ ...conclusion, ending: failed, history: null }, cleanedUp, stored), ending: failed };
  }
}

function reportOf({ run, ending, history, guards, proofs }: Conclusion, cleanedUp: boolean, stored: Stored): Report {
  const { head, endedAt, ...earlier } = stored;
  const report = buildReport({
    history,
    ...earlier,
    run: {
      id: run.id,
      experiment: run.experiment,
      title: run.plan.title,
      hypothesis: run.plan.hypothesis,
      state: ending.outcome,
      system: run.plan.system,
      cluster: run.plan.cluster,
      namespace: run.plan.namespace,
      parameters: { ...run.plan.parameters },
      requestedBy: run.requestedBy,
      approvedBy: run.approvedBy,
      planDigest: run.digest,
      startedAt: run.createdAt,
      endedAt,
      ...(ending.reason === null ? {} : { reason: ending.reason }),
      ...(head === null ? {} : { auditHead: { entry: head.seq, hash: head.hash } }),
    },
    runVerdict: ending.outcome,
    cleanupVerdict: cleanedUp ? "verified" : "unverified",
    guards: guards.map(({ id, ok, measured, bound }) => ({ id, ok, measured, bound })),
    cleanup: proofs.map(({ what, ok, detail }) => ({ what, ok, detail })),
  });
  return redactDeep(report);
}

async function drawCharts({ deps, history, run }: Conclusion, report: Report): Promise<DrawnChart[]> {
  if (history === null) return [];
  try {
    return await deps.renderCharts(history, report);
  } catch (error) {
    // A run is not worth less for a missing picture; the log says why.
    deps.log("the chart could not be drawn", { run: run.id, error: messageOf(error) });
    return [];
  }
}

/** Everything that can be taken away from a run, in the order in which people look at it. */
function makeArtifacts(
  history: History | null,
  report: Report,
  charts: readonly DrawnChart[],
  { hide }: Pick<Registry, "hide">,
): Artifact[] {
  const text = (name: string, contentType: string, content: string): Artifact => ({
    name,
    contentType,
    bytes: Buffer.from(content),
  });
  return [
    ...charts.map(({ id, png }) => ({ name: chartFile(id, ".png"), contentType: "image/png", bytes: png })),
    text("report.md", "text/markdown", reportMarkdown(report)),
    text("report.html", "text/html", reportHtml(report, charts)),
    text("report.json", "application/json", `${JSON.stringify(report, null, 2)}\n`),
    ...(history === null
      ? []
      : [
          text(
            "history.jsonl",
            "application/jsonl",
            hide([...historyLines(history)].map((line) => `${line}\n`).join("")),
          ),
        ]),
    ...charts.map(({ id, darkSvg }) => text(chartFile(id, "-dark.svg"), "image/svg+xml", darkSvg)),
  ];
}

function lastMs(history: History): number {
  return Math.max(0, ...history.finalReads.map((read) => read.atMs), ...history.phases.map((phase) => phase.atMs));
}
