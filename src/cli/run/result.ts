import type { Report } from "../../findings/report.ts";
import type { RunOutcome } from "./outcome.ts";

/** What `--json FILE` holds: how it came out in a few fields, and the whole report (report.schema.json) where there is one. */
export interface RunResult {
  schemaVersion: 1;
  run: string;
  experiment: string;
  state: RunOutcome["state"];
  verdicts: RunOutcome["verdicts"];
  /** Why it ended as it did, or got its verdict; null: nothing said so. */
  because: string | null;
  exitCode: number;
  findings: Array<Pick<Report["findings"][number], "id" | "severity" | "title">>;
  report: Report | null;
}

export function runResult(
  run: { id: string; experiment: string },
  outcome: RunOutcome,
  told: { report: Report | null; reason: string | null; exitCode: number },
): RunResult {
  const { report, reason, exitCode } = told;
  return {
    schemaVersion: 1,
    run: run.id,
    experiment: run.experiment,
    ...outcome,
    because: report?.because ?? reason,
    exitCode,
    findings: (report?.findings ?? []).map(({ id, severity, title }) => ({ id, severity, title })),
    report,
  };
}
