import { describe, expect, it } from "vitest";
import { buildReport, type ReportInput } from "../../src/findings/build-report.ts";
import { comparisonMarkdown } from "../../src/findings/comparison/markdown.ts";
import { isChange } from "../../src/findings/comparison/tolerance.ts";
import type { Finding, Report } from "../../src/findings/report.ts";
import { contextLines } from "../../src/slack/views/context-lines.ts";
import { killed } from "../support/killed-redis.ts";
import { killedRun } from "../support/killed-report.ts";

function report(previous: Report | null, change: Partial<ReportInput["run"]> = {}, history = killed()): Report {
  const run = { ...killedRun, id: "run-9", ...change };
  const common = { runVerdict: "completed", cleanupVerdict: "verified", guards: [], cleanup: [] } as const;
  return buildReport({ history, run, ...common, guards: [], cleanup: [], previous });
}

/** The same run, earlier, with other values of some measures. */
function earlier(values: Readonly<Record<string, number | null>> = {}, change: Partial<Report> = {}): Report {
  const same = report(null, { id: "run-7" });
  const measures = same.measures.map((entry) => ({ ...entry, value: values[entry.id] ?? entry.value }));
  return { ...same, measures, ...change };
}
const compared = (now: Report): Finding | undefined => now.findings.find(({ id }) => id.startsWith("comparison."));
const row = (now: Report, id: string) => now.comparison?.rows.find((entry) => entry.id === id);

describe("a run beside the last one", () => {
  it("says by how much a time became worse, and since which run", () => {
    const now = report(earlier({ "first-new-write": 900 }));
    expect(row(now, "first-new-write")).toMatchObject({ before: 900, now: 3001, change: "worse" });
    expect(compared(now)).toMatchObject({
      id: "comparison.regression",
      severity: "medium",
      title: "Kill to first write on the new master: 3.00 s, 2.10 s more than run-7",
    });
    expect(contextLines(now)[0]).toMatch(
      /^Compared with run-7: 1 worse, \d+ as before; Kill to first write.*than run-7$/,
    );
    const { title, body } = comparisonMarkdown(now);
    expect(title).toBe("Compared with run-7");
    expect(body).toContain("| Kill to first write on the new master | 900 ms | 3.00 s | +2.10 s | WORSE |");
    expect(body).toContain("The same parameters.");
  });
  it("is quiet about what runs differ by anyhow, and says that nothing is worse", () => {
    const now = report(earlier({ "first-new-write": 2100, "switch-master": 3500 }));
    expect(now.comparison?.rows.every(({ change }) => change === "none")).toBe(true);
    expect(compared(now)).toMatchObject({
      id: "comparison.no-regression",
      severity: "info",
      title: "Nothing is worse than in run-7",
    });
  });
  it("says what became better", () => {
    const now = report(earlier({ "first-new-write": 9000 }));
    expect(compared(now)?.title).toBe("Nothing is worse than in run-7, and 1 measure better");
    expect(compared(now)?.evidence[0]).toBe("Kill to first write on the new master: 3.00 s, 6.00 s less than run-7");
  });
  it("takes a first lost write for worse, and for more than a slower failover", () => {
    const now = report(earlier(), {}, killed({ unsent: 2 }));
    expect(row(now, "lost")).toMatchObject({ before: 0, now: 2, change: "worse" });
    // The hypothesis fell with it.
    expect(compared(now)).toMatchObject({
      severity: "high",
      title: "The hypothesis held in run-7, and does not any more",
    });
    expect(compared(now)?.evidence).toContain("Acknowledged writes lost: 2 writes, 2 writes more than run-7");
  });
  it("names the setting that differs, whichever member had it", () => {
    const settings = killed().settings.map((setting) =>
      setting.name === "down-after-milliseconds" ? { ...setting, member: "redis-sentinel-2", value: "500" } : setting,
    );
    const now = report(earlier({ sdown: 500, "first-new-write": 900 }, { settings }));
    expect(compared(now)?.evidence).toContain("down-after-milliseconds was 500, and is 2000");
    expect(compared(now)?.advice).toMatch(/^Settings differ/);
    expect(comparisonMarkdown(now).body).toContain("Other settings: down-after-milliseconds 500 → 2000.");
  });
  it("shows a run with other parameters, and judges by it nothing", () => {
    const before = earlier({ "first-new-write": 900 });
    before.run.parameters = { maxOutage: "30s", rate: 50 };
    const now = report(before);
    expect(row(now, "first-new-write")?.change).toBe("worse");
    expect(compared(now)).toMatchObject({ id: "comparison.other-parameters", severity: "info" });
    expect(compared(now)?.evidence).toEqual(["rate: 50, now 100"]);
    expect(contextLines(now)[0]).toContain("(it had rate 50, not 100)");
  });
  it.each<[string, () => Report]>([
    [
      "that run proved nothing",
      () => {
        const before = earlier({ "first-new-write": 900 });
        return report({ ...before, verdicts: { ...before.verdicts, hypothesis: "inconclusive" } });
      },
    ],
    ["this one proves nothing", () => report(earlier({ "first-new-write": 900 }), {}, { ...killed(), finalReads: [] })],
    ["there is none", () => report(null)],
  ])("claims no regression when %s", (_what, make) => expect(compared(make())).toBeUndefined());
  it("says it when there is no earlier run", () => {
    expect(comparisonMarkdown(report(null)).body).toBe(
      "There is no earlier completed run of this experiment on this target.",
    );
    expect(contextLines(report(null))[0]).toBe("There is no earlier run of this experiment here to compare with.");
  });
  it("does not compare what only one of them saw, or what has another unit now", () => {
    const before = earlier();
    before.measures = before.measures
      .filter(({ id }) => id !== "odown")
      .map((entry) => (entry.id === "back" ? { ...entry, unit: "count" as const } : entry))
      .map((entry) => (entry.id === "sdown" ? { ...entry, value: null } : entry));
    const now = report(before);
    expect([row(now, "odown"), row(now, "back")]).toEqual([undefined, undefined]);
    expect(row(now, "sdown")?.change).toBe("not-comparable");
  });
});

describe("the tolerance", () => {
  it.each([
    ["ms", 1000, 2000, false],
    ["ms", 1000, 2001, true],
    ["ms", 20_000, 25_000, false],
    ["ms", 20_000, 14_999, true],
    ["percent", 45, 47, false],
    ["percent", 45, 42.9, true],
    ["writes", 3000, 3300, false],
    ["writes", 3000, 3301, true],
  ] as const)("of %s: %d to %d is a change: %s", (unit, before, now, is) => {
    expect(isChange({ id: "x", unit }, before, now)).toBe(is);
  });
  it("is none for the first lost write", () => {
    expect(isChange({ id: "lost", unit: "writes" }, 0, 1)).toBe(true);
    expect(isChange({ id: "lost", unit: "writes" }, 100, 101)).toBe(false);
  });
});
