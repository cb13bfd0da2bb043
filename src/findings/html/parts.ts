import type { ReportTable } from "../report-tables.ts";
import { escapeHtml } from "./escape.ts";

/** A section of the page; empty ones are left out of it and of its contents. */
export interface HtmlSection {
  id: string;
  title: string;
  /** HTML, escaped already. */
  body: string;
}

export function paragraph(text: string): string {
  return `<p>${escapeHtml(text)}</p>`;
}

/** A table that scrolls by itself where it is wider than the page. A heading without words gets none for a reader either. */
export function tableHtml({ head, rows }: ReportTable, caption: string): string {
  if (rows.length === 0) return "";
  const cells = (row: readonly string[]): string =>
    row
      .map((cell, at) => (at === 0 ? `<th scope="row">${escapeHtml(cell)}</th>` : `<td>${escapeHtml(cell)}</td>`))
      .join("");
  const heads = head.map((cell) => (cell === "" ? "<td></td>" : `<th scope="col">${escapeHtml(cell)}</th>`)).join("");
  return [
    `<div class="wide" role="region" tabindex="0" aria-label="${escapeHtml(caption)}"><table>`,
    `<caption>${escapeHtml(caption)}</caption>`,
    `<thead><tr>${heads}</tr></thead>`,
    `<tbody>${rows.map((row) => `<tr>${cells(row)}</tr>`).join("\n")}</tbody>`,
    "</table></div>",
  ].join("\n");
}

/**
 * What `markdown-table.ts` and the report's Markdown sections wrote: paragraphs and tables, parted by empty lines. Nothing
 * else of Markdown is read, and everything is escaped.
 */
export function fragmentHtml(markdown: string, caption: string): string {
  if (markdown === "") return "";
  return markdown
    .split("\n\n")
    .map((block) => {
      const [head, dashes, ...rows] = block.split("\n");
      if (head === undefined || dashes === undefined || !/^\| (--- \| )*--- \|$/.test(dashes)) return paragraph(block);
      return tableHtml({ head: cellsOf(head), rows: rows.map(cellsOf) }, caption);
    })
    .join("\n");
}

/** The cells of one line of a Markdown table. */
function cellsOf(line: string): string[] {
  return line
    .replace(/^\| /, "")
    .replace(/ \|$/, "")
    .split(" | ")
    .map((cell) => cell.replaceAll("\\|", "|"));
}
