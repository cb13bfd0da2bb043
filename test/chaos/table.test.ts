import { expect, it } from "vitest";
import { held, type CaseLine } from "./lines.ts";
import { withTable } from "./readme.ts";
import { chaosSummary, chaosTable } from "./table.ts";

const good: CaseLine = {
  group: "kill",
  name: "worker killed in active",
  seed: 7,
  fault: "worker killed",
  states: ["active"],
  runs: ["run-1"],
  orphans: 0,
  duplicates: 0,
  lostEvents: 0,
  wrongApprovals: 0,
  violations: [],
  healedAfterMs: 1000,
  boundMs: 46_000,
  nextRunStarted: true,
  tookMs: 6000,
};

it("sums up the lines, one row per kind of trouble and one for all", () => {
  const lines: CaseLine[] = [
    good,
    { ...good, name: "b", states: ["active", "baseline"], runs: ["run-2"], healedAfterMs: 3000 },
    { ...good, name: "c", fault: "Redis lost its data", runs: ["run-1"], healedAfterMs: null, group: "outage" },
    { ...good, name: "d", states: ["healing"], orphans: 1, duplicates: 2, lostEvents: 3, wrongApprovals: 4 },
  ].map((line) => ({ ...line, violations: line.orphans > 0 ? ["orphan: left"] : [] }));
  const rows = chaosTable(lines).split("\n");
  expect(rows.slice(2)).toEqual([
    "| worker killed | 3 | 2 | 3 | 1 | 2 | 3 | 4 | 1.0 s | 3.0 s |",
    "| Redis lost its data | 1 | 1 | 1 | 0 | 0 | 0 | 0 | nothing to heal |  |",
    "| **all** | 4 | 3 | 3 | 1 | 2 | 3 | 4 | 1.0 s | 3.0 s |",
  ]);
  expect(chaosSummary(lines, { seed: 7, tookMs: 0 })).toMatch(/0 of \d+ steps of a run's lifecycle and 3 of 9 phases/);
  expect(chaosSummary(lines, { seed: 7, tookMs: 1_200_000 })).toMatch(
    /^4 cases, 4 runs, in 20 min, seed 7\. The bound for healing is 46\.0 s/,
  );
});

it("counts a case as held only when nothing was violated and the next run got going", () => {
  expect(held(good)).toBe(true);
  expect(held({ ...good, nextRunStarted: false })).toBe(false);
  expect(held({ ...good, violations: ["lost: event 3 of 9 is missing"] })).toBe(false);
});

it("replaces what stands between the two markers, and refuses a file without them", () => {
  const [begin, end] = ["<!-- chaos table: written by npm run test:chaos -- --write -->", "<!-- chaos table: end -->"];
  const readme = `# A\n\n${begin}\nold\n${end}\n\nB\n`;
  const once = withTable(readme, "| new |");
  expect(once).toBe(`# A\n\n${begin}\n\n| new |\n\n${end}\n\nB\n`);
  expect(withTable(once, "| new |")).toBe(once);
  expect(() => withTable("# A\n", "x")).toThrow(/no place for the table/);
  expect(() => withTable(`${end}\n${begin}\n`, "x")).toThrow(/no place/);
});
