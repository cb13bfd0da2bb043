import type { History } from "../../probes/history.ts";
import type { JudgeContext } from "../judge.ts";
import type { Finding } from "../report.ts";
import { counted, number } from "../words.ts";
import { clientEffects } from "./client-effect.ts";
import type { BackupEvidence } from "./evidence.ts";
import type { Projection } from "./projection.ts";
import { bytesText, planTime } from "./words.ts";

export interface RestoreInput {
  history: History;
  context: JudgeContext;
  evidence: BackupEvidence;
  projection: Projection | null;
}
type Rule = (input: RestoreInput) => Finding | null;

/** Slower than this, and this many times slower, is felt by an application. */
const feltMs = 50;
const feltFactor = 5;

const content: Rule = ({ evidence }) => {
  const dataset = evidence.step("dataset");
  const restored = evidence.step("restored");
  if (dataset === null || restored === null) return null;
  const same = dataset.text("checksum") !== null && dataset.text("checksum") === restored.text("checksum");
  const rows = [dataset, restored].map((step) => step.number("rows") ?? 0);
  const whole = same && rows[0] === rows[1];
  return {
    id: whole ? "backup.restored-whole" : "backup.restore-incomplete",
    severity: whole ? "info" : "critical",
    title: whole
      ? `The restore brought back all ${counted(rows[0] ?? 0, "row")}`
      : `The restore did not bring back what was backed up: ${number(rows[1] ?? 0)} of ${counted(rows[0] ?? 0, "row")}`,
    evidence: [
      `before: ${counted(rows[0] ?? 0, "row")}, checksum ${dataset.text("checksum") ?? "none"}`,
      `after the loss (DELETE … WHERE id % 3 = 0): ${number(evidence.step("loss")?.number("left") ?? 0)} left`,
      `restored: ${counted(rows[1] ?? 0, "row")}, checksum ${restored.text("checksum") ?? "none"}`,
    ],
    advice: whole
      ? "This proves the tools and the way, on data made for it. That your own backups restore is proven by backup-verification: schedule it."
      : "Do not trust backups made this way. Compare the versions of pg_dump, pg_restore and the server, and look for errors that a job ignores.",
  };
};

const recoveryTime: Rule = ({ projection }) => {
  if (projection === null || !projection.reliable) return null;
  const { held, totalMs, rtoMs, restoreMs, bytesPerSecond, productionBytes, parts } = projection;
  return {
    id: held ? "backup.rto-held" : "backup.rto-missed",
    severity: held ? "info" : "high",
    title: `Recovery of ${bytesText(productionBytes)} would take about ${planTime(totalMs)}; the target is ${planTime(rtoMs)}`,
    evidence: [
      `restore: ${bytesText(productionBytes)} ÷ ${bytesText(bytesPerSecond)} a second = ${planTime(restoreMs)}`,
      ...parts.map(({ part, durationMs }) => `${partWords[part] ?? part}: ${planTime(durationMs)} (parameter ${part})`),
      "the projection is linear in bytes on disk; index builds, foreign keys and a full disk grow faster, and this data was warm in memory",
    ],
    advice: held
      ? "Measure it again on the storage and the machine that production would be restored to: a fast disk here proves nothing there."
      : "Restore with more jobs (pg_restore -j), to faster storage, or avoid the full restore: point-in-time recovery from a base backup, a standby that is always current, incremental backups (the training module, question 6).",
  };
};

const partWords: Readonly<Record<string, string>> = {
  detection: "until the failure is noticed",
  decision: "until somebody decides to restore",
  download: "until the backup is there",
  warmUp: "until application and caches are warm",
};

const smallSample: Rule = ({ projection }) =>
  projection === null || projection.reliable
    ? null
    : {
        id: "backup.sample-too-small",
        severity: "low",
        title: "Too little was restored to project from",
        evidence: [
          `at ${bytesText(projection.bytesPerSecond)} a second the restore of ${bytesText(projection.productionBytes)} would take ${planTime(projection.restoreMs)}, but most of what was measured is the start of the programs`,
        ],
        advice: "Ask for more rows: rows=100000 is about 110 MB.",
      };

const elsewhere: Rule = ({ evidence }) => {
  const target = evidence.step("restore-target");
  const after = evidence.step("primary-untouched");
  const expected = evidence.step("loss")?.number("left") ?? null;
  const touched = after !== null && after.number("rows") !== expected;
  if (target === null) return null;
  const refused = !target.flag("ok");
  return {
    id: touched ? "backup.primary-touched" : refused ? "backup.restore-refused" : "backup.restored-elsewhere",
    severity: touched ? "critical" : refused ? "high" : "info",
    title: touched
      ? "The restore changed the primary"
      : refused
        ? "The restore was refused: its target is the system itself"
        : "The restore never touched the primary",
    evidence: [
      target.text("target") ?? "the target is unknown",
      ...(target.text("members") ?? "").split(" · ").filter(Boolean),
      ...(refused ? [target.text("text") ?? ""] : []),
      ...(after === null
        ? []
        : [
            `the primary had ${number(after.number("rows") ?? 0)} rows after the restore, ${number(expected ?? 0)} before`,
          ]),
    ],
    advice: refused
      ? "A name said otherwise, its system identifier, address or volume did not. Restore to an instance of its own: leave restoreHost= out."
      : "Names can be wrong: compare system identifier, address and volume before every restore, as this run did twice.",
  };
};

const clients: Rule = ({ history, evidence }) => {
  const { baseline, during } = clientEffects(history, [
    { step: "making the data", taken: evidence.step("dataset") },
    { step: "pg_dump", taken: evidence.step("backup") },
    { step: "pg_restore", taken: evidence.step("restored") },
  ]);
  if (baseline === null || during.length === 0) return null;
  const felt = during.filter(({ p99Ms }) => p99Ms > feltMs && p99Ms > feltFactor * baseline.p99Ms);
  return {
    id: "backup.effect-on-clients",
    severity: felt.length > 0 ? "medium" : "info",
    title:
      felt.length > 0
        ? `Writes were slower during ${felt.map(({ step }) => step).join(" and ")}`
        : "Clients hardly noticed the backup",
    evidence: [baseline, ...during].map(
      ({ step, p99Ms, writes }) => `${step}: 99 % of ${counted(writes, "write")} within ${p99Ms.toFixed(1)} ms`,
    ),
    advice:
      "pg_dump reads a replica here and holds one snapshot there. Where it must read the primary, do it when little is written, with fewer jobs.",
  };
};

const fromPrimary: Rule = ({ evidence }) => {
  const backup = evidence.step("backup");
  if (backup === null || !backup.flag("fromPrimary")) return null;
  return {
    id: "backup.dumped-from-primary",
    severity: "low",
    title: "The backup was taken from the primary",
    evidence: [`no replica streamed; pg_dump read ${backup.text("from") ?? "it"} instead`],
    advice: "A long dump holds back vacuum on the server that it reads. Take it from a replica that streams.",
  };
};

export const restoreRules: readonly Rule[] = [content, elsewhere, recoveryTime, smallSample, clients, fromPrimary];
