import { figureText, figureTitle } from "../comparison/figures.ts";
import { figuresSeen, reasonsOf, type ExperimentHistory } from "../comparison/history.ts";
import { trendText } from "../comparison/trend-text.ts";
import type { Report } from "../report.ts";
import { counted } from "../words.ts";

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

/** What the picture of a history shows: each figure from its first run to its last, and which runs stand alone. */
export function trendAltText(history: ExperimentHistory): string {
  const { experiment, points, reference, trends } = history;
  const comparable = points.filter(({ kind }) => kind === "comparable");
  const figures = figuresSeen(history).map((figure) => {
    const values = comparable.map(({ run }) => figureText(figure, run.figures[figure]));
    return `${figureTitle(figure)} of the comparable runs, oldest first: ${values.join(", ") || "none"}`;
  });
  const alone = (["other", "no-proof"] as const).flatMap((kind) =>
    reasonsOf(points, kind).map(([why, runs]) => `${counted(runs, "run")} not joined: ${why}`),
  );
  const now = reference === null ? [] : [`The newest, ${reference.runId}: ${trends.map(trendText).join("; ")}`];
  return [`Chart of ${counted(points.length, "run")} of ${experiment}`, ...now, ...figures, ...alone]
    .join(". ")
    .slice(0, 2000);
}
