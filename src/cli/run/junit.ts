import type { Report } from "../../findings/report.ts";
import type { RunOutcome } from "./outcome.ts";

/** What a JUnit file says of one run. */
export interface JunitInput extends RunOutcome {
  runId: string;
  experiment: string;
  /** Null: it ended before it was judged. */
  report: Report | null;
  /** Why it ended as it did, where something said so. */
  reason: string | null;
}

type Case =
  | { name: string; result: "passed" }
  | { name: string; result: "failed" | "skipped"; message: string; detail: string };

/**
 * JUnit's XML as CI systems read it (the format of Jenkins' xunit plugin: testsuites, testsuite, testcase, failure,
 * skipped): one test case for each of the three verdicts and each guard. What is not known is skipped, never passed.
 */
export function junitXml(input: JunitInput): string {
  const { runId, experiment, report } = input;
  const cases = [...verdictCases(input), ...guardCases(report)];
  const failures = cases.filter(({ result }) => result === "failed").length;
  const skipped = cases.filter(({ result }) => result === "skipped").length;
  const seconds = report === null ? 0 : (Date.parse(report.run.endedAt) - Date.parse(report.run.startedAt)) / 1000;
  const counts = `tests="${cases.length}" failures="${failures}" skipped="${skipped}" errors="0" time="${seconds.toFixed(3)}"`;
  const suite = `<testsuite name="${attribute(experiment)}" ${counts}${report === null ? "" : ` timestamp="${attribute(report.run.startedAt)}"`}>`;
  const properties = propertiesOf(runId, report).map(
    ([name, value]) => `      <property name="${attribute(name)}" value="${attribute(value)}"/>`,
  );
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="aftershock" ${counts}>`,
    `  ${suite}`,
    "    <properties>",
    ...properties,
    "    </properties>",
    ...cases.map((one) => caseXml(experiment, one)),
    ...(report === null ? [] : [`    <system-out>${content(findingsText(report))}</system-out>`]),
    "  </testsuite>",
    "</testsuites>",
    "",
  ].join("\n");
}

function verdictCases({ state, verdicts, report, reason }: JunitInput): Case[] {
  const because = report?.because ?? reason ?? `the run is ${state}`;
  const unjudged = (name: string): Case => ({ name, result: "skipped", message: "not judged", detail: because });
  const hypothesis = "hypothesis holds";
  const cleanup = "cleanup is verified";
  const completed: Case =
    state === "completed"
      ? { name: "run completes", result: "passed" }
      : { name: "run completes", result: "failed", message: `the run is ${state}`, detail: reason ?? because };
  if (verdicts === null) return [unjudged(hypothesis), completed, unjudged(cleanup)];
  const unproven = (report?.cleanup ?? []).filter(({ ok }) => !ok).map(({ what, detail }) => `${what}: ${detail}`);
  return [
    verdicts.hypothesis === "held"
      ? { name: hypothesis, result: "passed" }
      : {
          name: hypothesis,
          result: verdicts.hypothesis === "refuted" ? "failed" : "skipped",
          message: verdicts.hypothesis,
          detail: because,
        },
    completed,
    verdicts.cleanup === "verified"
      ? { name: cleanup, result: "passed" }
      : { name: cleanup, result: "failed", message: "a fault may remain", detail: unproven.join("\n") },
  ];
}

function guardCases(report: Report | null): Case[] {
  return (report?.guards ?? []).map(({ id, ok, measured, bound }) =>
    ok
      ? { name: `guard ${id}`, result: "passed" }
      : { name: `guard ${id}`, result: "failed", message: measured, detail: `wanted: ${bound}` },
  );
}

function caseXml(experiment: string, one: Case): string {
  const open = `    <testcase classname="${attribute(experiment)}" name="${attribute(one.name)}"`;
  if (one.result === "passed") return `${open}/>`;
  const inner =
    one.result === "skipped"
      ? `<skipped message="${attribute(`${one.message}: ${one.detail}`)}"/>`
      : `<failure message="${attribute(one.message)}">${content(one.detail)}</failure>`;
  return `${open}>${inner}</testcase>`;
}

function propertiesOf(runId: string, report: Report | null): Array<[string, string]> {
  if (report === null) return [["run", runId]];
  const { cluster, namespace, planDigest, parameters } = report.run;
  return [
    ["run", runId],
    ["cluster", cluster],
    ["namespace", namespace],
    ["plan", planDigest],
    ...Object.entries(parameters).map(([name, value]): [string, string] => [`parameter.${name}`, String(value)]),
  ];
}

function findingsText(report: Report): string {
  if (report.findings.length === 0) return "No findings.";
  return report.findings
    .map(({ severity, id, title, evidence, advice }) =>
      [`${severity} ${id}: ${title}`, ...evidence.map((line) => `  ${line}`), `  → ${advice}`].join("\n"),
    )
    .join("\n\n");
}

/** XML 1.0 allows no other control characters, escaped or not (section 2.2, Char). */
function clean(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Cs}/gu, "?");
}

function content(text: string): string {
  return clean(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function attribute(text: string): string {
  return content(text).replaceAll('"', "&quot;").replaceAll("\n", "&#10;").replaceAll("\t", "&#9;");
}
