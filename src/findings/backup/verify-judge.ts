import { lossMeasures, serviceMeasures, timeMeasure } from "../generic-measures.ts";
import type { Judge, JudgeContext } from "../judge.ts";
import type { History } from "../../probes/history.ts";
import type { Finding, Measure } from "../report.ts";
import { counted, number, sentence } from "../words.ts";
import { mechanismFinding } from "./mechanisms.ts";
import { readVerifyFacts, type VerifyFacts } from "./verify-facts.ts";
import { verifyRules } from "./verify-rules.ts";
import { bytesText, planTime } from "./words.ts";

/**
 * Judges the newest backup. Refuted by every critical finding, also where the probes of the run itself say too little:
 * a backup that does not restore proves that by itself. Inconclusive when the run did not get as far as counting.
 */
export const judgeVerification: Judge = (history, context) => {
  const facts = readVerifyFacts(history, context);
  const problems = verifyRules.flatMap((rule) => rule(facts) ?? []);
  const findings = [
    ...problems,
    ...(facts.searched ? [mechanismFinding(facts)] : []),
    ...(problems.length === 0 && facts.restored ? [verified(facts)] : []),
  ];
  const measures = verifyMeasures(history, context, facts);
  const [first] = problems;
  const [unsound] = context.unsound;
  const verdict = (hypothesis: "held" | "refuted" | "inconclusive", because: string) => ({
    hypothesis,
    because,
    measures,
    findings,
  });
  if (first !== undefined) {
    const more = problems.length === 1 ? "" : `, and ${counted(problems.length - 1, "more problem")}`;
    return verdict("refuted", sentence(`${first.title}${more}`));
  }
  if (unsound !== undefined) return verdict("inconclusive", `Nothing can be concluded: ${unsound}.`);
  if (!facts.restored) {
    return verdict("inconclusive", "Nothing can be concluded: the run did not get as far as the restore.");
  }
  const rows = facts.counted.reduce((sum, { rows: n }) => sum + (n ?? 0), 0);
  return verdict(
    "held",
    `The newest backup is ${planTime(facts.ageMs ?? 0)} old and restores: ${counted(facts.tables ?? 0, "table")}, ${counted(rows, "row")} counted, all within bounds.`,
  );
};

function verified(facts: VerifyFacts): Finding {
  const before = facts.counted.some(({ previous }) => previous !== null) || facts.previousBytes !== null;
  return {
    id: "backup.verified",
    severity: "info",
    title: "The newest backup restores",
    evidence: [
      `${facts.name ?? "it"}: ${bytesText(facts.bytes ?? 0)}, ${planTime(facts.ageMs ?? 0)} old`,
      ...facts.counted.map(
        ({ table, rows, bounds, previous }) =>
          `${table}: ${counted(rows ?? 0, "row")}; expected ${bounds}${previous === null ? "" : `; last run ${number(previous)}`}`,
      ),
      ...(before ? [] : ["there is no earlier run to compare with"]),
    ],
    advice: "Keep it that way: run it weekly, and alert when it has not run.",
  };
}

function verifyMeasures(history: History, context: JudgeContext, facts: VerifyFacts): Measure[] {
  const of = (step: string, name: string): number | null => facts.evidence.step(step)?.number(name) ?? null;
  const size = of("backup-restored", "bytes");
  const took = of("backup-restored", "tookMs");
  return [
    timeMeasure(
      "backup-age",
      "Age of the newest backup",
      facts.ageMs,
      facts.rpoMs === null ? undefined : `RPO ${planTime(facts.rpoMs)}`,
    ),
    { id: "backup-count", title: "Backups found", value: of("backup-found", "count"), unit: "count" },
    { id: "backup-bytes", title: "Its size", value: facts.bytes, unit: "bytes", ...note(facts.previousBytes) },
    timeMeasure("fetch-time", "Fetching it", of("backup-fetched", "tookMs")),
    timeMeasure("restore-time", "Restoring it", took),
    { id: "restored-bytes", title: "The restored database on disk", value: size, unit: "bytes" },
    {
      id: "restore-rate",
      title: "Restore rate in MB/s, of the restored database on disk",
      value: size === null || took === null || took <= 0 ? null : Math.round(size / took / 100) / 10,
      unit: "count",
    },
    { id: "tables", title: "Tables restored", value: facts.tables, unit: "count" },
    ...facts.counted.map(({ table, rows, bounds, previous }): Measure => ({
      id: `rows.${table}`,
      title: `Rows of ${table}`,
      value: rows,
      unit: "count",
      note: `expected ${bounds}${previous === null ? "" : `; last run ${number(previous)}`}`,
    })),
    {
      id: "replication-lag",
      title: "The nearest replica is behind",
      value: facts.lag?.bytes ?? null,
      unit: "bytes",
      ...(facts.lag === null ? {} : { note: `${facts.lag.streaming} streaming` }),
    },
    ...lossMeasures(context),
    ...serviceMeasures(history, context),
  ];
}

function note(previousBytes: number | null): Pick<Measure, "note"> {
  return previousBytes === null ? {} : { note: `last run ${bytesText(previousBytes)}` };
}
