import type { Report } from "../report.ts";

/** Findings of a backup's run that are not about the backup itself. */
const beside: ReadonlySet<string> = new Set(["backup.mechanisms", "backup.effect-on-clients"]);

/** The result in one line. */
export function headline(report: Report): string {
  const { lost, acknowledged } = report.writes.total;
  // Findings are sorted by severity. Of a backup, what became of it matters more than writes that nothing threatened.
  const backup = report.findings.find(({ id }) => id.startsWith("backup.") && !beside.has(id));
  if (backup !== undefined && lost === 0) return backup.title;
  if (lost === null) return "No final read: nothing is known about lost writes";
  const of = acknowledged.toLocaleString("en-US");
  return lost === 0
    ? `None of ${of} acknowledged writes was lost`
    : `${lost.toLocaleString("en-US")} of ${of} acknowledged writes were lost`;
}

/** What the picture shows, for people who cannot see it. At most 2,000 characters, Slack's limit. */
export function chartAltText(report: Report): string {
  const perClient = Object.entries(report.writes.byClient).map(
    ([client, counts]) => `${client} ${counts.lost ?? "unknown"} lost of ${counts.acknowledged}`,
  );
  return `Chart of ${report.run.id}, ${report.run.title}. ${headline(report)}: ${perClient.join("; ")}. ${report.because}`.slice(
    0,
    2000,
  );
}
