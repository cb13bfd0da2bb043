import type { KnownBlock } from "@slack/types";
import type { Finding, Report } from "../../findings/report.ts";
import { measureText } from "../../findings/measure-text.ts";
import { content, divider, escapeText, fields, header, note, section, type MessageContent } from "../limits.ts";
import { buttonRow } from "./button.ts";
import { escapeReason } from "./card.ts";
import { contextLines } from "./context-lines.ts";
import { count, people, person } from "./words.ts";

const severityIcons: Readonly<Record<Finding["severity"], string>> = {
  critical: ":red_circle:",
  high: ":large_orange_circle:",
  medium: ":large_yellow_circle:",
  low: ":large_blue_circle:",
  info: ":white_circle:",
};

const hypothesisIcons = { held: ":white_check_mark:", refuted: ":x:", inconclusive: ":grey_question:" } as const;

/** The end of a run: three verdicts, the table of measures, the findings in order of severity. */
export function renderSummary(report: Report): MessageContent {
  const { verdicts } = report;
  const text = `${report.run.id}: hypothesis ${verdicts.hypothesis}, run ${verdicts.run}, cleanup ${verdicts.cleanup}`;
  return content(text, [
    header(`Findings of ${report.run.id}`),
    section(
      `${hypothesisIcons[verdicts.hypothesis]} *Hypothesis ${verdicts.hypothesis}.* ${escapeReason(report.because)}\n_${escapeText(report.run.hypothesis)}_`,
    ),
    fields([
      ["Hypothesis", verdicts.hypothesis],
      ["Run", verdicts.run],
      [
        "Cleanup",
        verdicts.cleanup === "verified"
          ? "verified"
          : ":rotating_light: unverified, a fault may remain: `/chaos alarms`",
      ],
    ]),
    ...writesBlocks(report),
    ...measureBlocks(report),
    ...contextBlocks(report),
    divider,
    ...findingBlocks(report.findings),
    ...(report.run.reason === undefined ? [] : [note(escapeReason(report.run.reason))]),
    // The requester is mentioned here once, so that Slack tells them that it is over.
    note(`Asked for by ${person(report.run.requestedBy)}, approved by ${people(report.run.approvedBy)}`),
    ...buttonRow("next", [{ action: "action-add", text: "Add an action…", value: report.run.id }]),
  ]);
}

function writesBlocks(report: Report): KnownBlock[] {
  if (report.writes.total.attempted === 0) return [];
  const row = (name: string, counts: Report["writes"]["total"]): [string, string] => [
    name,
    `${count(counts.attempted)} attempted\n${count(counts.acknowledged)} acknowledged, *${count(counts.lost)} lost*\n${count(counts.failed)} failed, ${count(counts.unknown)} unknown\n${count(counts.recovered)} recovered, ${count(counts.duplicated)} duplicated, ${count(counts.unexpected)} unexpected`,
  ];
  return [
    fields([
      ...Object.entries(report.writes.byClient).map(([client, counts]) => row(`Writes of ${client}`, counts)),
      row("Writes in total", report.writes.total),
    ]),
  ];
}

function measureBlocks(report: Report): KnownBlock[] {
  if (report.measures.length === 0) return [];
  const rows = report.measures.map(
    (measure) =>
      `• ${escapeText(measure.title)}: *${measureText(measure)}*${measure.note === undefined ? "" : ` (${escapeText(measure.note)})`}`,
  );
  return [section(`*Measures*\n${rows.join("\n")}`)];
}

function contextBlocks(report: Report): KnownBlock[] {
  const lines = contextLines(report);
  return lines.length === 0 ? [] : [section(lines.map((line) => `• ${escapeText(line)}`).join("\n"))];
}

/** Findings as blocks, each with evidence, the live setting and the advice. */
export function findingBlocks(findings: readonly Finding[]): KnownBlock[] {
  return findings.map((finding) => {
    const setting =
      finding.setting === undefined
        ? ""
        : `\n\`${escapeText(finding.setting.name)}\` is \`${escapeText(finding.setting.value || '""')}\` on ${escapeText(finding.setting.member)}; recommended: ${escapeText(finding.setting.recommended)}`;
    return section(
      `${severityIcons[finding.severity]} *${escapeText(finding.title)}* (${finding.severity})\n${finding.evidence
        .map((line) => `• ${escapeText(line)}`)
        .join("\n")}${setting}\n→ ${escapeText(finding.advice)}`,
    );
  });
}
