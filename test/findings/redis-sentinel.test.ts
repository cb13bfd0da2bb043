import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { buildReport, type ReportInput } from "../../src/findings/build-report.ts";
import { chartAltText } from "../../src/findings/chart/alt-text.ts";
import { renderCharts } from "../../src/findings/chart/render-charts.ts";
import { reportMarkdown } from "../../src/findings/markdown.ts";
import { reportJsonSchema } from "../../src/findings/report-json-schema.ts";
import type { Report } from "../../src/findings/report.ts";
import type { History } from "../../src/probes/history.ts";
import { event, finalRead, op, splitBrain } from "../support/history-builder.ts";

const run: ReportInput["run"] = {
  id: "run-1",
  experiment: "redis-split-brain",
  title: "Redis Sentinel split brain",
  hypothesis: "No acknowledged write is lost.",
  state: "completed",
  system: "redis-sentinel",
  cluster: "lab",
  namespace: "cache",
  parameters: { rate: 100, duration: "15s" },
  requestedBy: "U1",
  approvedBy: ["U2"],
  planDigest: "abc",
  startedAt: "2026-01-01T00:00:00.000Z",
  endedAt: "2026-01-01T00:01:00.000Z",
};

const report = (history: History | null, change: Partial<ReportInput> = {}): Report =>
  buildReport({
    history,
    run,
    runVerdict: "completed",
    cleanupVerdict: "verified",
    guards: [],
    cleanup: [],
    ...change,
  });
const ids = (history: History): string[] => report(history).findings.map((finding) => finding.id);

/** Only what happened before the fault and after it on one member: nothing wrong. */
function healthy(): History {
  const h = splitBrain();
  return {
    ...h,
    operations: h.operations.map((entry) => ({
      ...entry,
      outcome: "ok" as const,
      member: entry.plannedMs < 9000 ? "redis-0" : "redis-1",
    })),
    finalReads: ["follower", "pinned"].map((client) => finalRead([[1, 4000]], { client })),
  };
}

describe("the hypothesis of a split brain", () => {
  it("is refuted by lost writes and two masters, and the loss fits the prediction", () => {
    const refuted = report(splitBrain());
    expect(refuted.verdicts.hypothesis).toBe("refuted");
    expect(refuted.because).toBe(
      "Two masters accepted writes at once for 21.0 s, and 2,900 acknowledged writes were lost.",
    );
    const value = (id: string) => refuted.measures.find((measure) => measure.id === id)?.value;
    expect(value("lost")).toBe(2900);
    expect(value("predicted-loss")).toBe(2900);
    expect(value("sdown")).toBe(2100);
    expect(value("switch-master")).toBe(4000);
    expect(value("demoted")).toBe(10_000);
    expect(value("resynced")).toBe(10_200);
    expect(value("refused-from")).toBeNull();
  });
  it("is held only when nothing was lost and nobody overlapped", () => {
    const held = report(healthy());
    expect(held.verdicts.hypothesis).toBe("held");
    expect(held.findings.map((finding) => finding.id)).toContain("redis.nothing-lost");
  });
  it("is inconclusive without a final read, never held", () => {
    expect(report({ ...healthy(), finalReads: [] }).verdicts.hypothesis).toBe("inconclusive");
    expect(report({ ...splitBrain(), finalReads: [] }).writes.total.lost).toBeNull();
  });
  it("is inconclusive when the run failed or lost its worker", () => {
    expect(report(healthy(), { runVerdict: "failed" }).verdicts.hypothesis).toBe("inconclusive");
    expect(report(null, { runVerdict: "interrupted" })).toMatchObject({
      verdicts: { hypothesis: "inconclusive", run: "interrupted" },
      writes: { total: { lost: null } },
    });
  });
  it("loses less with min-replicas-to-write, and says what limited it", () => {
    const limited = report(splitBrain({ protectedFromMs: 8000 }));
    expect(limited.writes.total.lost).toBe(600);
    expect(limited.findings.find((finding) => finding.id === "redis.lost-acknowledged-writes")?.setting).toMatchObject({
      name: "min-replicas-max-lag",
      value: "3",
    });
  });
});

describe("each rule fires on its evidence and not without", () => {
  const more = (change: (h: History) => Partial<History>, base = healthy()): History => ({ ...base, ...change(base) });
  it.each<[string, History]>([
    ["redis.lost-acknowledged-writes", splitBrain()],
    ["redis.two-masters-accepted-writes", splitBrain()],
    ["redis.client-never-recovered", splitBrain()],
    ["redis.old-master-stopped-accepting", splitBrain({ protectedFromMs: 8000 })],
    ["redis.failover-time", splitBrain()],
    ["redis.no-failover", more((h) => ({ events: h.events.filter((e) => e.event !== "+switch-master") }))],
    [
      "redis.failover-before-fault",
      more((h) => ({
        events: [event(100, "redis-sentinel-0", "+switch-master", { from: "redis-1", to: "redis-0" }), ...h.events],
      })),
    ],
    [
      "redis.members-diverge",
      more((h) => ({
        finalReads: [...h.finalReads, finalRead([[1, 3990]], { member: "redis-2", authoritative: false })],
      })),
    ],
    [
      "redis.unexpected-values",
      more((h) => ({
        finalReads: h.finalReads.map((r) => ({ ...r, ranges: [...r.ranges, [7, 7] as [number, number]] })),
      })),
    ],
    [
      "redis.unknown-outcomes",
      more((h) => ({
        operations: h.operations.map((o, at) => (at === 3000 ? { ...o, outcome: "unknown" as const } : o)),
      })),
    ],
    [
      "redis.append-only-off",
      more((h) => ({
        settings: [...h.settings, { type: "setting", member: "redis-1", name: "appendonly", value: "no" }],
      })),
    ],
    [
      "probe.schedule-slipped",
      more(() => ({
        schedules: [
          { type: "schedule", client: "pinned", planned: 10, sent: 8, notSent: 2, lateP99Ms: 1, lateMaxMs: 2 },
        ],
      })),
    ],
    [
      "redis.stale-reads",
      more((h) => ({
        operations: [...h.operations, op({ client: "pinned-reads", kind: "read", seq: 1, at: 20_000, seen: 5 })],
      })),
    ],
  ])("%s", (id, guilty) => {
    expect(ids(guilty)).toContain(id);
    // What belongs to any failover is told in a healthy run too; nothing else is.
    if (id !== "redis.failover-time") expect(ids(healthy())).not.toContain(id);
    const finding = report(guilty).findings.find((candidate) => candidate.id === id);
    expect(finding?.evidence.join(" ")).toMatch(/\d/);
    expect(finding?.advice.length).toBeGreaterThan(30);
  });
  it("no failover time is told when there was no failover", () => {
    expect(ids(more((h) => ({ events: h.events.filter((e) => e.event !== "+switch-master") })))).not.toContain(
      "redis.failover-time",
    );
  });
  it("orders findings by severity", () => {
    const order = ["critical", "high", "medium", "low", "info"];
    const found = report(splitBrain()).findings.map((finding) => order.indexOf(finding.severity));
    expect(found).toEqual(found.toSorted((a, b) => a - b));
  });
});

describe("the report", () => {
  const schema = JSON.parse(
    readFileSync(new URL("../../src/findings/report.schema.json", import.meta.url), "utf8"),
  ) as object;
  it("has a published JSON Schema that is current (npm run schema)", () => {
    expect(schema).toEqual(JSON.parse(JSON.stringify(reportJsonSchema())));
  });
  it("validates against it, and a broken one does not", () => {
    const validate = new Ajv2020({ strict: false }).compile(schema);
    for (const good of [report(splitBrain()), report(healthy()), report(null)]) {
      expect(validate(JSON.parse(JSON.stringify(good))), JSON.stringify(validate.errors)).toBe(true);
    }
    expect(validate({ ...report(null), verdicts: { hypothesis: "fine" } })).toBe(false);
  });
  it("as Markdown never shows an unknown as 0, and keeps its tables whole", () => {
    const text = reportMarkdown(
      report({ ...splitBrain(), finalReads: [] }, { guards: [{ id: "a|b", ok: true, measured: "x", bound: "y" }] }),
    );
    expect(text).toContain("| unknown |");
    expect(text).toContain("a\\|b");
  });
});

describe("the chart", () => {
  it("is drawn three times, in a process of its own: a PNG of twice its size, and SVG in light and dark", async () => {
    const h = splitBrain();
    const drawn = await renderCharts(h, report(h));
    expect(drawn.map(({ id }) => id)).toEqual(["timeline", "members", "phases"]);
    for (const { png, widthPx, heightPx, lightSvg, darkSvg } of drawn) {
      expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([2 * widthPx, 2 * heightPx]);
      expect(png.length).toBeGreaterThan(20_000);
      for (const svg of [lightSvg, darkSvg]) expect(svg).not.toMatch(/NaN|undefined|\[object/);
      expect(darkSvg).not.toBe(lightSvg);
    }
  });
  it("rejects what it cannot draw, with the reason", async () => {
    await expect(renderCharts({} as History, report(null))).rejects.toThrow(/chart was not drawn/);
  });
  it("has words for those who cannot see it", () => {
    expect(chartAltText(report(splitBrain()))).toMatch(/2,900 of [\d,]+ acknowledged writes were lost/);
  });
});
