import { harmless, table } from "./markdown-table.ts";
import { comparisonMarkdown } from "./comparison/markdown.ts";
import { usualMarkdown } from "./comparison/usual-text.ts";
import { expectedMarkdown, recoveryTimesMarkdown } from "./expectations/markdown.ts";
import { latencyMarkdown } from "./latency-markdown.ts";
import { measureText } from "./measure-text.ts";
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
      table(
        ["", ""],
        [
          ["Cluster and namespace", `${run.cluster}, ${run.namespace}`],
          ["Requested by", run.requestedBy],
          ["Approved by", run.approvedBy.join(", ") || "nobody"],
          ["Asked for", run.startedAt],
          ["Ended", run.endedAt],
          [
            "Parameters",
            Object.entries(run.parameters)
              .map(([name, value]) => `${name}=${value}`)
              .join(" "),
          ],
          ["Plan", `sha256 ${run.planDigest}`],
          ...(run.auditHead === undefined
            ? []
            : [["Audit trail", `entry ${run.auditHead.entry}, sha256 ${run.auditHead.hash}`]]),
        ],
      ),
      ...section("What people saw", notesMarkdown(report)),
      ...section("Findings", report.findings.map(findingMarkdown).join("\n\n")),
      ...section(
        "Writes",
        report.writes.total.attempted === 0
          ? ""
          : table(
              [
                "Client",
                "Attempted",
                "Acknowledged",
                "Failed",
                "Unknown",
                "Lost",
                "Recovered",
                "Duplicated",
                "Unexpected",
              ],
              [...Object.entries(report.writes.byClient), ["**total**", report.writes.total] as const].map(
                ([client, counts]) => [
                  client,
                  ...[
                    counts.attempted,
                    counts.acknowledged,
                    counts.failed,
                    counts.unknown,
                    counts.lost,
                    counts.recovered,
                    counts.duplicated,
                    counts.unexpected,
                  ].map((value) => (value === null ? "unknown" : String(value))),
                ],
              ),
            ),
      ),
      ...section(
        "Measures",
        report.measures.length === 0
          ? ""
          : table(
              ["Measure", "Value", ""],
              report.measures.map((m) => [m.title, measureText(m), m.note ?? ""]),
            ),
      ),
      ...section("Expected and measured", expectedMarkdown(report)),
      ...section(comparison.title, comparison.body),
      ...section("Compared with what is usual", usualMarkdown(report)),
      ...section("Recovery times, claimed and measured", recoveryTimesMarkdown(report)),
      ...section(
        "Outages",
        report.outages.length === 0
          ? ""
          : table(
              ["Client", "From (s)", "To (s)", "Length (s)", "Answers"],
              report.outages.map((outage) => [
                outage.probe,
                inSeconds(outage.startMs),
                outage.endMs === null ? "not recovered" : inSeconds(outage.endMs),
                outage.lengthMs === null ? "open" : inSeconds(outage.lengthMs),
                Object.entries(outage.errors)
                  .map(([name, times]) => `${name} × ${times}`)
                  .join(", "),
              ]),
            ),
      ),
      ...section("Latency", latencyMarkdown(report)),
      ...section(
        "Guards",
        table(
          ["Guard", "Held", "Measured", "Bound"],
          report.guards.map((g) => [g.id, g.ok ? "yes" : "NO", g.measured, g.bound]),
        ),
      ),
      ...section(
        "Cleanup",
        table(
          ["Proof", "Holds", ""],
          report.cleanup.map((c) => [c.what, c.ok ? "yes" : "NO", c.detail]),
        ),
      ),
      ...section(
        "Timeline",
        report.timeline.length === 0
          ? ""
          : table(
              ["Second", "Source", "Event", ""],
              report.timeline.map((entry) => [
                inSeconds(entry.atMs),
                entry.source,
                entry.event,
                entry.event === "note" ? harmless(String(entry.detail["text"])) : detailText(entry.detail),
              ]),
            ),
      ),
      ...section(
        "Settings",
        table(
          ["Member", "Setting", "Value"],
          report.settings.map((s) => [s.member, s.name, s.value === "" ? '""' : s.value]),
        ),
      ),
    ].join("\n\n") + "\n"
  );
}

function notesMarkdown({ notes = [] }: Report): string {
  return table(
    ["When", "Second", "Who", "Note"],
    notes.map(({ at, atMs, by, text }) => [at, atMs === null ? "" : inSeconds(atMs), by, harmless(text)]),
  );
}

function detailText(detail: Report["timeline"][number]["detail"]): string {
  return Object.entries(detail)
    .map(([name, value]) => `${name}=${value}`)
    .join(" ");
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

function inSeconds(atMs: number): string {
  return (atMs / 1000).toFixed(2);
}
