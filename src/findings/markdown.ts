import { table } from "./markdown-table.ts";
import { comparisonMarkdown } from "./comparison/markdown.ts";
import { expectedMarkdown, recoveryTimesMarkdown } from "./expectations/markdown.ts";
import { latencyMarkdown } from "./latency-markdown.ts";
import {
  cleanupTable,
  factRows,
  guardsTable,
  measuresTable,
  outagesTable,
  settingsTable,
  timelineTable,
  writesTable,
  type ReportTable,
} from "./report-tables.ts";
import type { Finding, Report } from "./report.ts";

/** The report as Markdown, for people and for tickets. */
export function reportMarkdown(report: Report): string {
  const { run, verdicts } = report;
  const comparison = comparisonMarkdown(report);
  return (
    [
      `# ${run.title}: ${run.id}`,
      `**Hypothesis ${verdicts.hypothesis}** · run ${verdicts.run} · cleanup ${verdicts.cleanup}`,
      `> ${run.hypothesis}`,
      report.because,
      ...(run.reason === undefined ? [] : [`Why the run ended: ${run.reason}`]),
      table(["", ""], factRows(report)),
      ...section("Findings", report.findings.map(findingMarkdown).join("\n\n")),
      ...section("Writes", written(boldTotal(writesTable(report)))),
      ...section("Measures", written(measuresTable(report))),
      ...section("Expected and measured", expectedMarkdown(report)),
      ...section(comparison.title, comparison.body),
      ...section("Recovery times, claimed and measured", recoveryTimesMarkdown(report)),
      ...section("Outages", written(outagesTable(report))),
      ...section("Latency", latencyMarkdown(report)),
      ...section("Guards", written(guardsTable(report))),
      ...section("Cleanup", written(cleanupTable(report))),
      ...section("Timeline", written(timelineTable(report))),
      ...section("Settings", written(settingsTable(report))),
    ].join("\n\n") + "\n"
  );
}

function findingMarkdown(finding: Finding): string {
  return [
    `### ${finding.severity}: ${finding.title}`,
    finding.evidence.map((line) => `- ${line}`).join("\n"),
    ...(finding.setting === undefined
      ? []
      : [
          `\`${finding.setting.name}\` is \`${finding.setting.value === "" ? '""' : finding.setting.value}\` on ${finding.setting.member}; recommended: ${finding.setting.recommended} (${finding.setting.source}).`,
        ]),
    finding.advice,
    `<sub>${finding.id}</sub>`,
  ].join("\n\n");
}

function section(title: string, body: string): string[] {
  return body === "" ? [] : [`## ${title}`, body];
}

function written({ head, rows }: ReportTable): string {
  return table(head, rows);
}

function boldTotal({ head, rows }: ReportTable): ReportTable {
  return { head, rows: rows.map((row, at) => (at === rows.length - 1 ? ["**total**", ...row.slice(1)] : row)) };
}
