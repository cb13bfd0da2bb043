import type { PairRow, RunPair } from "../../findings/comparison/pair.ts";
import { systemVersion } from "../../findings/comparison/system-version.ts";
import { measureText } from "../../findings/measure-text.ts";
import type { Finding, Report } from "../../findings/report.ts";
import { counted } from "../../findings/words.ts";
import { content, divider, escapeText, fields, header, note, section, type MessageContent } from "../limits.ts";
import { buttonRow } from "./button.ts";
import { readerTime } from "./reader-time.ts";
import { person } from "./words.ts";

/** Measures of one section; a section takes 3,000 characters. */
const perSection = 12;
/** Settings that differ, and findings of each kind; the reports have the rest. */
const mostListed = 12;

/** Two runs of one experiment side by side: what differed before, what came of it, and what exceeds the noise. */
export function renderComparison(pair: RunPair, command: string): MessageContent {
  const { first, second, rows } = pair;
  const [a, b] = [first.run.id, second.run.id].map(escapeText);
  const of = (change: PairRow["change"]): number => rows.filter((row) => row.change === change).length;
  const counts = [
    ...(of("worse") === 0 ? [] : [`${of("worse")} worse`]),
    ...(of("better") === 0 ? [] : [`${of("better")} better`]),
    ...(of("changed") === 0 ? [] : [`${of("changed")} changed`]),
    `${of("none")} the same`,
  ].join(", ");
  const text = `${a} and ${b} of ${escapeText(second.run.experiment)}: ${counts}`;
  const told = rows.filter(({ change }) => change !== "none");
  const same = rows.filter(({ change, second: value }) => change === "none" && value !== null);
  const inSections = (lines: readonly string[]) =>
    Array.from({ length: Math.ceil(lines.length / perSection) }, (_u, at) =>
      section(lines.slice(at * perSection, (at + 1) * perSection).join("\n")),
    );
  return content(text, [
    header(`${first.run.id} and ${second.run.id}: ${second.run.experiment}`),
    fields([
      [first.run.id, runText(first)],
      [second.run.id, runText(second)],
    ]),
    section(differencesText(pair)),
    divider,
    section(`*Measures:* ${counts}, from ${a} to ${b}`),
    ...inSections(told.map(rowLine)),
    ...inSections(same.map(rowLine)),
    ...findingSections(pair),
    ...buttonRow("next", [
      { action: "open", text: `Findings of ${first.run.id}`, value: `findings ${first.run.id}` },
      { action: "open", text: `Findings of ${second.run.id}`, value: `findings ${second.run.id}` },
      { action: "open", text: "History", value: `history ${second.run.experiment}` },
    ]),
    note(`${noiseNote(rows)} · \`${command} compare ${b} ${a}\` swaps the two`),
  ]);
}

function runText({ run, verdicts, settings }: Report): string {
  return [
    `Hypothesis *${verdicts.hypothesis}*`,
    `run ${verdicts.run}, cleanup ${verdicts.cleanup}`,
    readerTime(run.endedAt),
    `on ${escapeText(`${run.cluster}/${run.namespace}`)}`,
    escapeText(systemVersion(settings) ?? "version unknown"),
    `asked for by ${person(run.requestedBy)}`,
  ].join("\n");
}

type Difference = RunPair["parameters"][number];

function differencesText({ parameters, settings, version, first, second }: RunPair): string {
  const told = ({ name, before, now }: Difference): string =>
    `• ${escapeText(name)}: ${escapeText(before ?? "not there")} → ${escapeText(now ?? "not there")}`;
  const listOf = (what: string, differences: readonly Difference[]): string[] =>
    differences.length === 0
      ? []
      : [
          `*${what} that differ*`,
          ...differences.slice(0, mostListed).map(told),
          ...(differences.length > mostListed ? [`… and ${differences.length - mostListed} more`] : []),
        ];
  const target = ({ run }: Report): string => `${run.cluster}/${run.namespace}`;
  const lines = [
    ...listOf("Parameters", parameters),
    ...listOf("Settings of the system", settings),
    ...(version === null
      ? []
      : [`*Another version:* ${escapeText(version.before ?? "not told")} → ${escapeText(version.now ?? "not told")}`]),
    ...(target(first) === target(second)
      ? []
      : [`*Another target:* ${escapeText(target(first))} → ${escapeText(target(second))}`]),
  ];
  return lines.length === 0
    ? "Same parameters, same target, same version, and no watched setting differs."
    : lines.join("\n");
}

const signs: Readonly<Record<PairRow["change"], string>> = {
  worse: ":small_red_triangle:",
  better: ":white_check_mark:",
  changed: ":large_blue_diamond:",
  none: "•",
  "one-only": ":grey_question:",
};

/** `▲ RTO: 3.34 s → 5.40 s, 2.06 s more: worse (noise up to 1.00 s)`. */
function rowLine({ title, unit, first, second, noise, noiseRuns, change }: PairRow): string {
  const of = (value: number | null): string => measureText({ unit, value });
  const values = `${signs[change]} ${escapeText(title)}: ${of(first)} → *${of(second)}*`;
  if (first === null || second === null) return change === "none" ? values : `${values}, seen in one of them only`;
  const by = second - first;
  if (by === 0) return `${values}, the same`;
  const more = `${of(Math.abs(by))} ${by > 0 ? "more" : "less"}`;
  const known = noiseRuns === 0 ? "tolerance" : `noise of ${counted(noiseRuns, "run")}`;
  return change === "none"
    ? `${values}, ${more}: within the ${known} (${of(noise)})`
    : `${values}, ${more}: *${change}* (${known}: ${of(noise)})`;
}

function noiseNote(rows: readonly PairRow[]): string {
  return rows.some(({ noiseRuns }) => noiseRuns > 0)
    ? "Noise is what comparable runs differ by anyhow (median and MAD), and never less than the tolerance"
    : "Too few comparable runs to know the noise: 'the same' is within 1 s or 25 % of a time, 10 or 10 % of a count, whichever is more";
}

function findingSections({ findings, first, second }: RunPair) {
  const list = (title: string, found: readonly Finding[]) =>
    found.length === 0
      ? []
      : [
          section(
            [
              `*${title}*`,
              ...found.slice(0, mostListed).map(({ severity, title: said }) => `• ${escapeText(said)} (${severity})`),
              ...(found.length > mostListed ? [`… and ${found.length - mostListed} more`] : []),
            ].join("\n"),
          ),
        ];
  const own = (found: readonly Finding[]): Finding[] => found.filter(({ id }) => !id.startsWith("comparison."));
  return [
    ...list(`Findings only of ${escapeText(second.run.id)}`, own(findings.fresh)),
    ...list(`Findings only of ${escapeText(first.run.id)}`, own(findings.gone)),
    ...list("Findings of both", own(findings.both)),
  ];
}
