import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { escapeHtml } from "../../../src/findings/html/escape.ts";
import { fragmentHtml } from "../../../src/findings/html/parts.ts";
import { reportHtml } from "../../../src/findings/html/report-html.ts";
import { table } from "../../../src/findings/markdown-table.ts";
import { reportMarkdown } from "../../../src/findings/markdown.ts";
import type { Report } from "../../../src/findings/report.ts";
import { samples } from "../../slack/property/samples.ts";
import { drawnChart } from "../../support/drawn-chart.ts";

const evil = `"><script>alert(1)</script><img src=x onerror='a' | ]]> &amp; \u202e\u0007`;

/** The report with every word in it replaced; what the schema lists as choices is left. */
function withWords(value: unknown, key = ""): unknown {
  const choices = ["hypothesis", "run", "cleanup", "severity", "kind", "unit", "better", "change", "place", "stretch"];
  if (typeof value === "string") return choices.includes(key) ? value : evil;
  if (Array.isArray(value)) return value.map((inner) => withWords(inner, key));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withWords(inner, name)]));
}

describe("report.html", () => {
  const page = reportHtml(samples.report, [drawnChart()]);

  it("says what report.md says", () => {
    const { report } = samples;
    for (const finding of report.findings) {
      expect(reportMarkdown(report)).toContain(finding.title);
      expect(page).toContain(escapeHtml(finding.title));
    }
    for (const word of [report.because, report.run.hypothesis, report.run.planDigest, report.run.requestedBy]) {
      expect(page).toContain(escapeHtml(word));
    }
  });
  it("has a heading of every section in its contents, one h1, and words for every picture", () => {
    const ids = [...page.matchAll(/<h2 id="([^"]+)"/g)].map(([, id]) => id);
    expect(ids).toEqual(expect.arrayContaining(["findings", "pictures", "run"]));
    for (const id of ids) expect(page).toContain(`<a href="#${id}">`);
    expect(page.match(/<h1>/g)).toHaveLength(1);
    expect(page).toContain('alt="Nothing was lost."');
  });
  it("forbids everything from elsewhere, and its style is the one that is allowed", () => {
    const policy = /Content-Security-Policy" content="([^"]+)"/.exec(page)?.[1] ?? "";
    expect(policy).toMatch(/^default-src 'none'; style-src 'sha256-[^']+'; img-src data:;/);
    const style = /<style>([\s\S]*?)<\/style>/.exec(page)?.[1] ?? "";
    expect(policy).toContain(createHash("sha256").update(style).digest("base64"));
    expect(page).not.toMatch(/(src|href|srcset)="(?!data:|#)|url\(|@import|<script/);
  });
  it("is plain text where somebody wrote markup, in every word of the record", () => {
    const hostile = reportHtml(withWords(samples.report) as Report, [drawnChart({ alt: evil, title: evil })]);
    expect(hostile).not.toContain("<script");
    expect(hostile).not.toContain("<img src=x");
    expect(hostile).not.toMatch(/\u202e|[^\P{Cc}\n]/u);
    const tags = new Set([...hostile.matchAll(/<([a-z0-9]+)/g)].map(([, tag]) => tag));
    const ours = [...page.matchAll(/<([a-z0-9]+)/g)].map(([, tag]) => tag);
    expect([...tags].filter((tag) => !ours.includes(tag))).toEqual([]);
    // Outside of quotes, which cannot be closed since every quote in them is escaped.
    expect(hostile.replaceAll(/"[^"]*"/g, '""')).not.toMatch(/<[^>]* on[a-z]+=/);
  });
});

describe("a section of Markdown as HTML", () => {
  it("keeps paragraphs, and a table's cells with bars in them", () => {
    const html = fragmentHtml(`Before.\n\n${table(["a", ""], [["x|y", "<b>"]])}`, "T");
    expect(html).toContain("<p>Before.</p>");
    expect(html).toContain('<th scope="row">x|y</th><td>&lt;b&gt;</td>');
    expect(fragmentHtml("", "T")).toBe("");
  });
});
