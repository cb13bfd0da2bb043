import { expect, it } from "vitest";
import { buildReport } from "../../src/findings/build-report.ts";
import type { Report } from "../../src/findings/report.ts";
import { contextLines } from "../../src/slack/views/context-lines.ts";
import { splitBrain } from "../support/history-builder.ts";

const report = (change: Partial<Report> = {}): Report => ({
  ...buildReport({
    history: splitBrain(),
    run: {
      id: "run-4",
      experiment: "redis-split-brain",
      title: "",
      hypothesis: "",
      state: "completed",
      system: "redis-sentinel",
      cluster: "lab",
      namespace: "cache",
      parameters: {},
      requestedBy: "U1",
      approvedBy: [],
      planDigest: "d",
      startedAt: "",
      endedAt: "",
    },
    runVerdict: "completed",
    cleanupVerdict: "verified",
    guards: [],
    cleanup: [],
  }),
  ...change,
});
const slowDown = (p50: number, client = "follower"): Report["slowDowns"][number] => ({
  client,
  stretch: "fault",
  baselineCount: 500,
  count: 900,
  notOk: 0,
  p50,
  p95: p50,
  p99: null,
  max: p50,
});

it("says what is claimed of the system beside what this run measured", () => {
  expect(contextLines(report())).toContain(
    "Claimed for Redis with Sentinel: 15 to 45 s; measured: 4.00 s, earlier than that",
  );
});
it("is silent about a claim when this run measured nothing for it", () => {
  const recoveryTimes = report().recoveryTimes.map((row) => ({ ...row, measured: null }));
  expect(contextLines(report({ recoveryTimes })).some((line) => line.startsWith("Claimed"))).toBe(false);
});
it("says how much slower writes were, of the client that was slowed most, once it is twofold", () => {
  const lines = contextLines(
    report({ slowDowns: [slowDown(2), slowDown(160, "pinned"), slowDown(900, "pinned-reads")] }),
  );
  expect(lines).toContain(
    "Writes of pinned took longer during the fault: p50 160× (of 900 acknowledged; 500 in the baseline)",
  );
  expect(contextLines(report({ slowDowns: [slowDown(1.9)] })).some((line) => line.startsWith("Writes of"))).toBe(false);
});
