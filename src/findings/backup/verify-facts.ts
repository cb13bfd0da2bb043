import type { History } from "../../probes/history.ts";
import { boundsText, readTableBounds, type TableBounds } from "../../probes/backup/table-bounds.ts";
import { durationBoundMs } from "../duration-bound.ts";
import type { JudgeContext } from "../judge.ts";
import type { Report } from "../report.ts";
import { readBackupEvidence, type BackupEvidence } from "./evidence.ts";

/** Rows of one table: what was counted, what was asked for, what the last run counted. */
export interface TableFact extends TableBounds {
  /** Null: the table could not be counted, e.g. because it is not there. */
  rows: number | null;
  problem: string | null;
  previous: number | null;
  bounds: string;
}

/** What a verification saw, and what it is to be measured against. Null is "not observed" throughout. */
export interface VerifyFacts {
  evidence: BackupEvidence;
  /** Whether the search for backups was made at all. */
  searched: boolean;
  found: boolean;
  name: string | null;
  where: string;
  unreadable: string | null;
  ageMs: number | null;
  rpoMs: number | null;
  bytes: number | null;
  fetchedBytes: number | null;
  leastBytes: number;
  format: string | null;
  listProblem: string | null;
  restoreProblem: string | null;
  restored: boolean;
  tables: number | null;
  counted: TableFact[];
  previousBytes: number | null;
  /** A size or row count may be this much below the last run's, in percent. */
  mostDropPercent: number;
  lag: { streaming: number; bytes: number | null; lagMs: number | null; mostBytes: number; mostMs: number } | null;
}

export function readVerifyFacts(history: History, context: JudgeContext): VerifyFacts {
  const evidence = readBackupEvidence(history);
  const { parameters, previous } = context;
  const number = (name: string, fallback: number): number => {
    const value = parameters[name];
    return typeof value === "number" ? value : fallback;
  };
  const found = evidence.step("backup-found");
  const unreadable = evidence.step("backup-unreadable");
  const missing = evidence.step("backup-missing");
  const restored = evidence.step("backup-restored");
  const lag = evidence.step("replication-lag");
  const counts = evidence.steps("table-rows");
  return {
    evidence,
    searched: found !== null || unreadable !== null || missing !== null,
    found: found !== null,
    name: found?.text("name") ?? null,
    where: (found ?? missing ?? unreadable)?.text("where") ?? "its place",
    unreadable: unreadable?.text("problem") ?? null,
    ageMs: found?.number("ageMs") ?? null,
    rpoMs: durationBoundMs(context, "rpo"),
    bytes: found?.number("bytes") ?? null,
    fetchedBytes: evidence.step("backup-fetched")?.number("bytes") ?? null,
    leastBytes: number("minBytes", 0),
    format: evidence.step("backup-format")?.text("format") ?? null,
    listProblem: evidence.step("backup-listed")?.text("problem") ?? null,
    restoreProblem: restored?.text("problem") ?? null,
    restored: restored !== null && restored.text("problem") === null,
    tables: restored?.number("tables") ?? null,
    counted: readTableBounds(String(parameters["tables"] ?? "")).flatMap((bounds) => {
      const step = counts.find((entry) => entry.text("table") === bounds.table);
      if (step === undefined) return [];
      const rows = step.number("rows");
      const before = measureOf(previous, `rows.${bounds.table}`);
      return [{ ...bounds, rows, problem: step.text("problem"), previous: before, bounds: boundsText(bounds) }];
    }),
    previousBytes: measureOf(previous, "backup-bytes"),
    mostDropPercent: number("maxDropPercent", 20),
    lag:
      lag === null
        ? null
        : {
            streaming: lag.number("streaming") ?? 0,
            bytes: lag.number("bytes"),
            lagMs: lag.number("lagMs"),
            mostBytes: number("maxLagBytes", 16_777_216),
            mostMs: durationBoundMs(context, "maxLag") ?? 10_000,
          },
  };
}

function measureOf(report: Report | null, id: string): number | null {
  return report?.measures.find((measure) => measure.id === id)?.value ?? null;
}

/** Whether a value fell further below the last run's than is allowed. */
export function fellTooFar(now: number | null, before: number | null, mostDropPercent: number): boolean {
  return now !== null && before !== null && before > 0 && now < before * (1 - mostDropPercent / 100);
}
