import { held, type CaseLine } from "./lines.ts";
import { coverage } from "./matrix.ts";

const header = [
  "what was done",
  "cases",
  "held",
  "states and transitions",
  "orphans",
  "duplicates",
  "lost events",
  "wrong approvals",
  "healed after, median",
  "worst",
];

/** The suite's table as Markdown, one row per kind of trouble and one for all, from the lines alone. */
export function chaosTable(lines: readonly CaseLine[]): string {
  const faults = [...new Set(lines.map(({ fault }) => fault))];
  const body = faults.map((fault) =>
    row(
      fault,
      lines.filter((line) => line.fault === fault),
    ),
  );
  return [header, header.map((_, at) => (at === 0 ? "---" : "---:")), ...body, row("**all**", lines)]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

function row(title: string, lines: readonly CaseLine[]): string[] {
  const sum = (pick: (line: CaseLine) => number): string =>
    String(lines.reduce((total, line) => total + pick(line), 0));
  const healed = lines.flatMap(({ healedAfterMs }) => (healedAfterMs === null ? [] : [healedAfterMs]));
  return [
    title,
    String(lines.length),
    String(lines.filter(held).length),
    String(new Set(lines.flatMap(({ states }) => states)).size),
    sum(({ orphans }) => orphans),
    sum(({ duplicates }) => duplicates),
    sum(({ lostEvents }) => lostEvents),
    sum(({ wrongApprovals }) => wrongApprovals),
    healed.length === 0 ? "nothing to heal" : seconds(median(healed)),
    healed.length === 0 ? "" : seconds(Math.max(...healed)),
  ];
}

/** The table with what it counts, under its title; for README.md and for the terminal. */
export function chaosSummary(lines: readonly CaseLine[], run: { seed: number; tookMs: number }): string {
  const runs = new Set(lines.flatMap((line) => line.runs.map((id) => `${line.group}/${line.name}/${id}`))).size;
  const bounds = [...new Set(lines.map(({ boundMs }) => boundMs))].map(seconds).join(", ");
  return [
    `${lines.length} cases, ${runs} runs, in ${Math.round(run.tookMs / 60_000)} min, seed ${run.seed}. The bound for healing is ${bounds || "unknown"} from the end of`,
    `the trouble: lease, reconciler and abort ladder at their worst. ${coverage(lines.flatMap(({ states }) => states))}`,
    "",
    chaosTable(lines),
  ].join("\n");
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

function seconds(durationMs: number): string {
  return `${(durationMs / 1000).toFixed(1)} s`;
}
