import type { History } from "../../probes/history.ts";
import { lossMeasures, serviceMeasures, timeMeasure } from "../generic-measures.ts";
import type { Judge, JudgeContext } from "../judge.ts";
import type { Measure } from "../report.ts";
import { counted, listed, number, sentence } from "../words.ts";
import { totalWrites } from "../write-counts.ts";
import { readBackupEvidence, type BackupEvidence } from "./evidence.ts";
import { projectRecovery, type Projection } from "./projection.ts";
import { restoreRules } from "./restore-rules.ts";
import { planTime } from "./words.ts";

/**
 * Judges a backup and its restore. Refuted by a row or a checksum that did not come back, by a projected recovery that
 * is longer than the parameter `rtoTarget`, by a primary that the restore changed, and by a lost acknowledged write.
 * Inconclusive when nothing was restored, or too little to project from.
 */
export const judgeRestore: Judge = (history, context) => {
  const evidence = readBackupEvidence(history);
  const restored = evidence.step("restored");
  const figures =
    restored === null ? null : { bytes: restored.number("bytes") ?? 0, tookMs: restored.number("tookMs") ?? 0 };
  const projection = projectRecovery(context, figures);
  const findings = restoreRules.flatMap((rule) => rule({ history, context, evidence, projection }) ?? []);
  const measures = restoreMeasures(history, context, evidence, projection);
  const rows = evidence.step("dataset")?.number("rows") ?? 0;
  const lost = totalWrites(context.writes.map(({ counts }) => counts)).lost ?? 0;
  const has = (id: string): boolean => findings.some((finding) => finding.id === id);
  const problems = [
    ...(has("backup.restore-incomplete") ? ["the restore did not bring back what was backed up"] : []),
    ...(has("backup.primary-touched") ? ["the restore changed the primary"] : []),
    ...(projection !== null && has("backup.rto-missed")
      ? [`recovery would take about ${planTime(projection.totalMs)}, longer than ${planTime(projection.rtoMs)}`]
      : []),
    ...(lost > 0 ? [`${counted(lost, "acknowledged write")} were lost meanwhile`] : []),
  ];
  const [unsound] = context.unsound;
  const verdict = (hypothesis: "held" | "refuted" | "inconclusive", because: string) => ({
    hypothesis,
    because,
    measures,
    findings,
  });
  if (unsound !== undefined) return verdict("inconclusive", `Nothing can be concluded: ${unsound}.`);
  if (problems.length > 0) return verdict("refuted", sentence(listed(problems)));
  if (restored === null || projection === null) {
    return verdict("inconclusive", "Nothing can be concluded: the run did not get as far as the restore.");
  }
  const whole = `All ${counted(rows, "row")} came back with the same checksum`;
  if (!projection.reliable) {
    return verdict("inconclusive", `${whole}, but that is too little to project a recovery from; ask for more rows=.`);
  }
  return verdict(
    "held",
    `${whole}, and recovery would take about ${planTime(projection.totalMs)} of ${planTime(projection.rtoMs)}.`,
  );
};

function restoreMeasures(
  history: History,
  context: JudgeContext,
  evidence: BackupEvidence,
  projection: Projection | null,
): Measure[] {
  const of = (step: string, name: string): number | null => evidence.step(step)?.number(name) ?? null;
  const count = (id: string, title: string, value: number | null, note?: string): Measure => ({
    id,
    title,
    value,
    unit: "count",
    ...(note === undefined ? {} : { note }),
  });
  const bytes = (id: string, title: string, value: number | null): Measure => ({ id, title, value, unit: "bytes" });
  const rate = (step: string): number | null => {
    const [size, took] = [of(step, "bytes"), of(step, "tookMs")];
    return size === null || took === null || took <= 0 ? null : Math.round(size / took / 100) / 10;
  };
  const restored = evidence.step("restored");
  const same = restored === null ? null : restored.text("checksum") === evidence.step("dataset")?.text("checksum");
  return [
    count("rows-before", "Rows before the loss", of("dataset", "rows")),
    count("rows-after-loss", "Rows after the loss", of("loss", "left"), "every third row deleted"),
    count("rows-after-restore", "Rows in the restored database", of("restored", "rows")),
    count(
      "checksum-equal",
      "Content after the restore as before the loss",
      same === null ? null : Number(same),
      same === null ? "no checksum was read" : same ? `yes, ${restored?.text("checksum")}` : "no",
    ),
    count("rows-on-primary", "Rows on the primary after the restore", of("primary-untouched", "rows")),
    bytes("table-bytes", "The table on disk", of("dataset", "bytes")),
    bytes("backup-bytes", "The backup (compressed)", of("backup", "bytes")),
    timeMeasure("backup-time", "pg_dump", of("backup", "tookMs"), evidence.step("backup")?.text("from") ?? undefined),
    count("backup-rate", "Backup rate in MB/s, of the file", rate("backup")),
    timeMeasure("restore-time", "pg_restore", of("restored", "tookMs"), `jobs: ${number(of("restored", "jobs") ?? 1)}`),
    count("restore-rate", "Restore rate in MB/s, of what was restored on disk", rate("restored")),
    timeMeasure(
      "projected-restore",
      "Restore of the production database, projected",
      projection?.restoreMs ?? null,
      projection === null ? undefined : planTime(projection.restoreMs),
    ),
    timeMeasure(
      "projected-recovery",
      "Whole recovery, projected",
      projection?.totalMs ?? null,
      projection === null ? undefined : `${planTime(projection.totalMs)}; the target is ${planTime(projection.rtoMs)}`,
    ),
    ...lossMeasures(context),
    ...serviceMeasures(history, context),
  ];
}
