import type { Finding } from "../report.ts";
import { counted, number } from "../words.ts";
import { isTruncated, lagTooHigh } from "./verify-rules.ts";
import type { VerifyFacts } from "./verify-facts.ts";
import { bytesText, planTime } from "./words.ts";

/** One of the ways in which GitLab could not recover in 2017, the check that would have said so, and what it says here. */
interface Mechanism {
  failure: string;
  check: string;
  result: string;
}

/**
 * The five failed mechanisms of the training module, each with the check of this run that catches its kind of failure.
 * A run looks at one place; a mechanism that keeps its backups elsewhere needs a run of its own.
 */
export function mechanisms(facts: VerifyFacts): Mechanism[] {
  const seen = (value: string | null): string => value ?? "not observed";
  const place = `found at ${facts.where}`;
  return [
    {
      failure: "LVM snapshots were never configured",
      check: "a backup must be there (backup.missing)",
      result: !facts.searched
        ? "not observed"
        : facts.found
          ? place
          : facts.unreadable === null
            ? "FAILED: nothing there"
            : "FAILED: cannot be read",
    },
    {
      failure: "the pg_dump cron job failed silently",
      check: "the newest backup must be younger than the RPO (backup.stale)",
      result:
        facts.ageMs === null || facts.rpoMs === null
          ? "not observed"
          : `${facts.ageMs > facts.rpoMs ? "FAILED: " : ""}${planTime(facts.ageMs)} old, RPO ${planTime(facts.rpoMs)}`,
    },
    {
      failure: "the disk snapshots in Azure were empty",
      check: "size, tables and rows within bounds (backup.empty, backup.too-small, backup.wrong-rows)",
      result: seen(contentResult(facts)),
    },
    {
      failure: "the backups in S3 had never been restored",
      check:
        "it is restored and counted, by this very run (backup.truncated, backup.not-a-backup, backup.restore-failed)",
      result: seen(restoreResult(facts)),
    },
    {
      failure: "replication lag was too high to recover from a replica",
      check: "the nearest replica's lag within bounds (backup.replication-lag)",
      result:
        facts.lag === null
          ? "not observed"
          : `${lagTooHigh(facts) ? "FAILED: " : ""}${facts.lag.bytes === null ? "no replica streams" : `${number(facts.lag.bytes)} bytes behind`}`,
    },
  ];
}

function contentResult(facts: VerifyFacts): string | null {
  const { bytes, leastBytes, tables, counted: rows } = facts;
  if (bytes === null) return null;
  if (bytes === 0 || bytes < leastBytes) return `FAILED: ${bytesText(bytes)}`;
  if (tables === null) return `${bytesText(bytes)}, nothing counted`;
  const wrong = rows.filter(({ rows: n, least, most }) => n === null || n < least || (most !== null && n > most));
  const shown = rows.map(({ table, rows: n }) => `${table} ${n === null ? "none" : number(n)}`).join(", ");
  const failed = tables === 0 || wrong.length > 0;
  return `${failed ? "FAILED: " : ""}${bytesText(bytes)}, ${counted(tables, "table")}${shown === "" ? "" : `: ${shown}`}`;
}

function restoreResult(facts: VerifyFacts): string | null {
  if (facts.unreadable !== null) return "FAILED: cannot be read";
  if (facts.format === "unknown" || facts.format === "empty") return "FAILED: not a dump";
  if (isTruncated(facts)) return "FAILED: ends too early";
  if (facts.restoreProblem !== null) return "FAILED: the restore failed";
  return facts.restored ? "restored" : null;
}

/** The table as a finding, so that every report says which failure this run would have caught, and what it found. */
export function mechanismFinding(facts: VerifyFacts): Finding {
  const rows = mechanisms(facts);
  const failed = rows.filter(({ result }) => result.startsWith("FAILED")).length;
  const blind = rows.filter(({ result }) => result === "not observed").length;
  const rest = blind === 0 ? "" : `; ${blind} could not be looked at`;
  return {
    id: "backup.mechanisms",
    severity: failed > 0 ? "high" : "info",
    title:
      failed > 0
        ? `${failed} of GitLab's five failures would be yours today${rest}`
        : `None of GitLab's five failures was found in this one place${rest}`,
    evidence: rows.map(({ failure, check, result }) => `${failure} → ${check} → ${result}`),
    advice:
      "Every place that you count on needs a run of its own: this one looked at one. Run it weekly, and after every change to the backups.",
  };
}
