import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { junitXml } from "../../src/cli/run/junit.ts";
import { exitCodeOf } from "../../src/cli/run/outcome.ts";
import { runResult } from "../../src/cli/run/result.ts";
import type { Report, Verdicts } from "../../src/findings/report.ts";
import { reportOf } from "../support/killed-report.ts";

const verdicts = (change: Partial<Verdicts> = {}): Verdicts => ({
  hypothesis: "held",
  run: "completed",
  cleanup: "verified",
  ...change,
});

describe("the exit code of a pipeline's run", () => {
  it.each([
    ["0 when the hypothesis held", "completed", verdicts(), [], 0],
    ["3 when it was refuted", "completed", verdicts({ hypothesis: "refuted" }), [], 3],
    ["4 when nothing can be said", "completed", verdicts({ hypothesis: "inconclusive" }), [], 4],
    ["0 for a refuted one that is allowed", "completed", verdicts({ hypothesis: "refuted" }), ["refuted"], 0],
    ["4 for another end than the allowed one", "completed", verdicts({ hypothesis: "inconclusive" }), ["refuted"], 4],
    ["5 when it did not complete", "aborted", verdicts({ run: "aborted" }), [], 5],
    ["5 when it ended without a judgement", "failed", null, [], 5],
    ["6 when a fault may remain, whatever else", "completed", verdicts({ cleanup: "unverified" }), ["refuted"], 6],
    ["6 also when it was stopped", "aborted", verdicts({ cleanup: "unverified", run: "aborted" }), [], 6],
    ["7 when nobody approved", "expired", null, [], 7],
    ["7 when somebody denied it", "denied", null, [], 7],
  ] as const)("is %s", (_what, state, judged, allowed, code) =>
    expect(exitCodeOf({ state, verdicts: judged }, allowed)).toBe(code),
  );
});

/** Python's own XML parser, which knows no JUnit but what is XML. */
function parsed(xml: string): { code: number | null; names: string } {
  const script =
    "import sys,xml.etree.ElementTree as t;print([e.get('name') for e in t.fromstring(sys.stdin.buffer.read()).iter('testcase')])";
  const { status, stdout, stderr } = spawnSync("python3", ["-c", script], { input: xml, encoding: "utf8" });
  return { code: status, names: `${stdout}${stderr}` };
}

const xmlOf = (report: Report | null, change: Partial<Parameters<typeof junitXml>[0]> = {}): string =>
  junitXml({
    runId: "run-1",
    experiment: "redis-failover",
    state: "completed",
    verdicts: report?.verdicts ?? null,
    report,
    reason: null,
    ...change,
  });

describe("the JUnit file", () => {
  const report = reportOf("run-1");

  it("has a case for each verdict and each guard, with the figures of the report", () => {
    const xml = xmlOf({ ...report, verdicts: verdicts({ hypothesis: "refuted" }), because: "4 writes were lost." });
    expect(xml).toContain('<failure message="refuted">4 writes were lost.</failure>');
    expect(xml).toContain('name="run completes"/>');
    expect(xml).toContain('name="cleanup is verified"/>');
    for (const guard of report.guards) expect(xml).toContain(`name="guard ${guard.id}"`);
    expect(xml).toMatch(
      /<testsuite name="redis-failover" tests="\d+" failures="1" skipped="0" errors="0" time="60\.000"/,
    );
  });
  it("skips what is not known, and passes nothing of a run that was never judged", () => {
    const inconclusive = xmlOf({ ...report, verdicts: verdicts({ hypothesis: "inconclusive" }) });
    expect(inconclusive).toMatch(/name="hypothesis holds"><skipped message="inconclusive: /);
    const unjudged = xmlOf(null, { state: "failed", reason: "A guard did not hold." });
    expect(unjudged).toContain('<failure message="the run is failed">A guard did not hold.</failure>');
    expect(unjudged.match(/<skipped/g)).toHaveLength(2);
  });
  it("says that a fault may remain, with what was not proven", () => {
    const cleanup = [{ what: "redis-0 and redis-1 answer each other", ok: false, detail: "no answer" }];
    const xml = xmlOf({ ...report, verdicts: verdicts({ cleanup: "unverified" }), cleanup });
    expect(xml).toContain(
      '<failure message="a fault may remain">redis-0 and redis-1 answer each other: no answer</failure>',
    );
  });
  it("stays XML whatever servers and people wrote", () => {
    const hostile = `</failure>]]>&"'<\u0000\u001b\uffff\ud800\n\tü`;
    const guards = [{ id: hostile, ok: false, measured: hostile, bound: hostile }];
    const finding = { id: hostile, severity: "high" as const, title: hostile, evidence: [hostile], advice: hostile };
    const xml = xmlOf(
      { ...report, because: hostile, guards, findings: [finding] },
      { experiment: hostile, reason: hostile },
    );
    expect(parsed(xml)).toMatchObject({ code: 0, names: expect.stringContaining("cleanup is verified") });
    // The control: the same text unescaped is no XML.
    expect(parsed(xml.replace("&lt;/failure&gt;", "</failure>")).code).not.toBe(0);
  });
});

describe("the JSON result", () => {
  it("has the verdicts, the findings in short, and the whole report", () => {
    const report = reportOf("run-1");
    const result = runResult(
      report.run,
      { state: "completed", verdicts: report.verdicts },
      { report, reason: null, exitCode: 3 },
    );
    expect(result).toMatchObject({ schemaVersion: 1, run: "run-1", exitCode: 3, because: report.because, report });
    expect(result.findings.map(({ id }) => id)).toEqual(report.findings.map(({ id }) => id));
  });
  it("says why where there is no report", () =>
    expect(
      runResult(
        { id: "run-2", experiment: "x" },
        { state: "denied", verdicts: null },
        { report: null, reason: "Denied.", exitCode: 7 },
      ),
    ).toMatchObject({ because: "Denied.", findings: [], report: null }));
});
