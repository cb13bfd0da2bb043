import { describe, expect, it } from "vitest";
import { pairOf, type PairRow } from "../../src/findings/comparison/pair.ts";
import { pastRunOf, type PastRun } from "../../src/findings/comparison/past-run.ts";
import type { Report } from "../../src/findings/report.ts";
import { reportOf } from "../support/killed-report.ts";

const first = reportOf("run-1", { "first-new-write": 3000 });
const second = reportOf("run-2", { "first-new-write": 5000 });
const rowIn = (pair: { rows: readonly PairRow[] }, id = "first-new-write"): PairRow | undefined =>
  pair.rows.find((row) => row.id === id);
const others = (values: readonly number[], like: Report = first): PastRun[] =>
  values.map((value, at) => pastRunOf(reportOf(`run-${at + 10}`, { "first-new-write": value }, like)));

describe("two runs side by side", () => {
  it("differ by more than the tolerance where nothing is known of the noise", () => {
    expect(rowIn(pairOf(first, second, []))).toMatchObject({
      first: 3000,
      second: 5000,
      noise: 1000,
      noiseRuns: 0,
      change: "worse",
    });
    expect(rowIn(pairOf(second, first, []))?.change).toBe("better");
  });
  it("are the same within the noise of the comparable runs, and are not beyond it", () => {
    const wide = [2000, 3000, 4000, 5000, 6000];
    expect(rowIn(pairOf(first, second, others(wide)))).toMatchObject({ change: "none", noiseRuns: 5 });
    expect(rowIn(pairOf(first, second, others([3000, 3100, 2900])))).toMatchObject({ change: "worse", noiseRuns: 3 });
  });
  it("take for noise nothing of two runs, of the two themselves, or of runs with other parameters", () => {
    expect(rowIn(pairOf(first, second, others([2000, 9000])))?.noiseRuns).toBe(0);
    expect(rowIn(pairOf(first, second, [first, second].map(pastRunOf)))?.noiseRuns).toBe(0);
    const elsewhere = others([2000, 3000, 4000, 5000, 6000]).map((run) => ({ ...run, parameters: { rate: 7 } }));
    expect(rowIn(pairOf(first, second, elsewhere))?.noiseRuns).toBe(0);
  });
  it("count the first lost write", () => {
    expect(rowIn(pairOf(first, reportOf("run-2", { lost: 1 }), []), "lost")?.change).toBe("worse");
  });
  it("say what only one of them saw", () => {
    const blind = { ...second, measures: second.measures.filter(({ id }) => id !== "first-new-write") };
    expect(rowIn(pairOf(first, blind, []))).toMatchObject({ first: 3000, second: null, change: "one-only" });
    expect(rowIn(pairOf(blind, second, []))).toMatchObject({ first: null, second: 5000, change: "one-only" });
  });
  it("name the parameters, settings and version that differ", () => {
    const changed: Report = {
      ...second,
      run: { ...second.run, parameters: { ...second.run.parameters, rate: 50 } },
      settings: [...second.settings, { member: "redis-0", name: "redis_version", value: "7.2.4" }],
    };
    const pair = pairOf(first, changed, []);
    expect(pair.parameters).toEqual([{ name: "rate", before: "100", now: "50" }]);
    expect(pair.version).toMatchObject({ before: null, now: "redis_version 7.2.4" });
    expect(pair.settings.map(({ name }) => name)).toContain("redis_version");
    expect(pairOf(first, second, [])).toMatchObject({ parameters: [], settings: [], version: null });
  });
  it("tell findings that are new, gone, and of both apart", () => {
    const finding = (id: string): Report["findings"][number] => ({
      id,
      severity: "low",
      title: id,
      evidence: [],
      advice: "",
    });
    const pair = pairOf(
      { ...first, findings: [finding("a"), finding("b")] },
      { ...second, findings: [finding("b"), finding("c")] },
      [],
    );
    const ids = (found: Report["findings"]): string[] => found.map(({ id }) => id);
    expect([ids(pair.findings.gone), ids(pair.findings.fresh), ids(pair.findings.both)]).toEqual([["a"], ["c"], ["b"]]);
  });
});
