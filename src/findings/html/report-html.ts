import { createHash } from "node:crypto";
import { comparisonMarkdown } from "../comparison/markdown.ts";
import type { DrawnChart } from "../chart/picture.ts";
import { expectedMarkdown, recoveryTimesMarkdown } from "../expectations/markdown.ts";
import { latencyMarkdown } from "../latency-markdown.ts";
import {
  cleanupTable,
  factRows,
  guardsTable,
  measuresTable,
  outagesTable,
  settingsTable,
  timelineTable,
  writesTable,
} from "../report-tables.ts";
import type { Finding, Report } from "../report.ts";
import { escapeHtml } from "./escape.ts";
import { fragmentHtml, paragraph, tableHtml, type HtmlSection } from "./parts.ts";
import { style } from "./style.ts";

/**
 * The report as one page that needs nothing else: style and pictures are in it, and its policy forbids the browser to
 * fetch or run anything (Content Security Policy 3; the style is allowed by its hash). Pure; every text is escaped.
 */
export function reportHtml(report: Report, charts: readonly DrawnChart[]): string {
  const { run, verdicts } = report;
  const sections = sectionsOf(report, charts).filter(({ body }) => body !== "");
  const hash = createHash("sha256").update(style).digest("base64");
  const policy = `default-src 'none'; style-src 'sha256-${hash}'; img-src data:; base-uri 'none'; form-action 'none'`;
  const title = `${run.title}: ${run.id}`;
  return `${[
    "<!doctype html>",
    '<html lang="en">',
    "<head>",
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="referrer" content="no-referrer">',
    // Without it the browser asks a server for one.
    '<link rel="icon" href="data:,">',
    `<title>${escapeHtml(title)}</title>`,
    `<style>${style}</style>`,
    "</head>",
    "<body>",
    '<a class="skip" href="#report">To the report</a>',
    `<header><h1>${escapeHtml(title)}</h1>`,
    verdictList(verdicts),
    `<blockquote>${escapeHtml(run.hypothesis)}</blockquote>`,
    paragraph(report.because),
    ...(run.reason === undefined ? [] : [paragraph(`Why the run ended: ${run.reason}`)]),
    "</header>",
    '<nav aria-label="Contents"><h2>Contents</h2><ul>',
    ...sections.map(({ id, title: name }) => `<li><a href="#${id}">${escapeHtml(name)}</a></li>`),
    "</ul></nav>",
    '<main id="report">',
    ...sections.map(
      ({ id, title: name, body }) =>
        `<section aria-labelledby="${id}"><h2 id="${id}">${escapeHtml(name)}</h2>\n${body}\n</section>`,
    ),
    "</main>",
    `<footer>Report format ${report.schemaVersion}. The same figures are in report.json; what they were computed from is in history.jsonl.</footer>`,
    "</body>",
    "</html>",
  ].join("\n")}\n`;
}

function sectionsOf(report: Report, charts: readonly DrawnChart[]): HtmlSection[] {
  const comparison = comparisonMarkdown(report);
  const tabled = (id: string, title: string, of: (report: Report) => Parameters<typeof tableHtml>[0]): HtmlSection => ({
    id,
    title,
    body: tableHtml(of(report), title),
  });
  const written = (id: string, title: string, markdown: string): HtmlSection => ({
    id,
    title,
    body: fragmentHtml(markdown, title),
  });
  return [
    { id: "findings", title: "Findings", body: report.findings.map(findingHtml).join("\n") },
    { id: "pictures", title: "Pictures", body: charts.map(figureHtml).join("\n") },
    {
      id: "run",
      title: "The run",
      body: `<dl>${factRows(report)
        .map(([name, value]) => `<dt>${escapeHtml(name ?? "")}</dt><dd>${escapeHtml(value ?? "")}</dd>`)
        .join("\n")}</dl>`,
    },
    tabled("writes", "Writes", writesTable),
    tabled("measures", "Measures", measuresTable),
    written("expected", "Expected and measured", expectedMarkdown(report)),
    written("comparison", comparison.title, comparison.body),
    written("recovery-times", "Recovery times, claimed and measured", recoveryTimesMarkdown(report)),
    tabled("outages", "Outages", outagesTable),
    written("latency", "Latency", latencyMarkdown(report)),
    tabled("guards", "Guards", guardsTable),
    tabled("cleanup", "Cleanup", cleanupTable),
    tabled("timeline", "Timeline", timelineTable),
    tabled("settings", "Settings", settingsTable),
  ];
}

function verdictList(verdicts: Report["verdicts"]): string {
  const names = ["hypothesis", "run", "cleanup"] as const;
  const items = names.map(
    (name) => `<li>${name} <strong class="${verdicts[name]}">${escapeHtml(verdicts[name])}</strong></li>`,
  );
  return `<ul class="verdicts" aria-label="Verdicts">${items.join("")}</ul>`;
}

function findingHtml({ id, severity, title, evidence, setting, advice }: Finding): string {
  return [
    `<article class="finding"><h3><span class="severity ${severity}">${severity}</span>${escapeHtml(title)}</h3>`,
    `<ul>${evidence.map((line) => `<li>${escapeHtml(line)}</li>`).join("")}</ul>`,
    ...(setting === undefined
      ? []
      : [
          `<p><code>${escapeHtml(setting.name)}</code> is <code>${escapeHtml(setting.value === "" ? '""' : setting.value)}</code> on ${escapeHtml(setting.member)}; recommended: ${escapeHtml(setting.recommended)} (${escapeHtml(setting.source)}).</p>`,
        ]),
    paragraph(advice),
    `<p><small>${escapeHtml(id)}</small></p></article>`,
  ].join("\n");
}

/** The picture as an image, in which no style of the page and no script can be, and in the reader's own colours. */
function figureHtml({ title, alt, widthPx, heightPx, lightSvg, darkSvg }: DrawnChart): string {
  const data = (svg: string): string => `data:image/svg+xml;base64,${Buffer.from(svg).toString("base64")}`;
  return [
    "<figure><picture>",
    `<source media="screen and (prefers-color-scheme: dark)" srcset="${data(darkSvg)}">`,
    `<img src="${data(lightSvg)}" width="${widthPx}" height="${heightPx}" alt="${escapeHtml(alt)}">`,
    `</picture><figcaption>${escapeHtml(title)}</figcaption></figure>`,
  ].join("\n");
}
