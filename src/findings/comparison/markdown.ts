import { table } from "../markdown-table.ts";
import { measureText } from "../measure-text.ts";
import type { Report } from "../report.ts";
import { toleranceText } from "./tolerance.ts";

type Row = NonNullable<Report["comparison"]>["rows"][number];

const words: Readonly<Record<Row["change"], string>> = {
  none: "as before",
  better: "better",
  worse: "WORSE",
  changed: "changed",
  "not-comparable": "seen in one run only",
};

/** The section on the last run: which one, what of it differs, and measure beside measure. */
export function comparisonMarkdown({ comparison }: Pick<Report, "comparison">): { title: string; body: string } {
  if (comparison === null) {
    return {
      title: "Compared with the last run",
      body: "There is no earlier completed run of this experiment on this target.",
    };
  }
  const { run, endedAt, hypothesis, parameters, settings, rows } = comparison;
  const differences = (what: string, values: typeof parameters): string =>
    values.length === 0
      ? `The same ${what}.`
      : `Other ${what}: ${values.map(({ name, before, now }) => `${name} ${before ?? "not there"} → ${now ?? "not there"}`).join(", ")}.`;
  const body = [
    `${run} ended ${endedAt}; its hypothesis was ${hypothesis}. ${differences("parameters", parameters)} ${differences("settings", settings)}`,
    table(
      ["Measure", "Then", "Now", "Change", ""],
      rows.map((row) => [
        row.title,
        measureText({ unit: row.unit, value: row.before }),
        measureText({ unit: row.unit, value: row.now }),
        difference(row),
        words[row.change],
      ]),
    ),
    toleranceText,
  ].join("\n\n");
  return { title: `Compared with ${run}`, body };
}

function difference({ unit, before, now }: Row): string {
  if (before === null || now === null) return "–";
  const by = now - before;
  return by === 0 ? "0" : `${by > 0 ? "+" : "−"}${measureText({ unit, value: Math.abs(by) })}`;
}
