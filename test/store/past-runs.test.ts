import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPastService } from "../../src/run/past/create-service.ts";
import { readPastRuns } from "../../src/run/past/read-past.ts";
import type { RunState } from "../../src/run/lifecycle.ts";
import type { Plan } from "../../src/run/plan.ts";
import { saveArtifact } from "../../src/store/artifacts.ts";
import { compareAndSetState } from "../../src/store/runs.ts";
import { asService, insertTestRun, startTestDatabase, type TestDatabase } from "../support/database.ts";

let db: TestDatabase;
beforeAll(async () => {
  db = await asService(await startTestDatabase());
});
afterAll(() => db?.stop());

const counts = { attempted: 9, acknowledged: 9, failed: 0, unknown: 0, recovered: 0, duplicated: 0, unexpected: 0 };

/** A run that has ended, with the parts of a report that are read. */
async function ended(
  rto: number | null,
  change: Partial<Plan> = {},
  to: RunState = "completed",
  report: Record<string, unknown> | null = {},
): Promise<string> {
  const runId = await insertTestRun(db.database, "C1", change);
  if (report !== null) {
    const whole = {
      schemaVersion: 2,
      verdicts: { hypothesis: "held", run: to, cleanup: "verified" },
      measures: [{ id: "first-new-write", title: "t", value: rto, unit: "ms", better: "lower" }],
      writes: { total: { ...counts, lost: 4 }, byClient: {} },
      slowDowns: [],
      settings: [{ member: "redis-0", name: "redis_version", value: "7.0.15" }],
      ...report,
    };
    const bytes = Buffer.from(JSON.stringify(whole));
    await saveArtifact(db.database, runId, { name: "report.json", contentType: "application/json", bytes });
  }
  await compareAndSetState(db.database, { runId, from: "requested", to });
  return runId;
}

describe("the runs of an experiment", () => {
  it("are those that are over and were judged, newest first, with their figures", async () => {
    const experiment = "of-the-past";
    const past = createPastService(db.database);
    expect(await past.runs({ experiment }, 5)).toEqual([]);
    const first = await ended(3000, { experiment });
    const aborted = await ended(null, { experiment }, "aborted");
    await ended(1, { experiment }, "denied", null);
    await insertTestRun(db.database, "C1", { experiment });
    await ended(1, { experiment: "another" });
    const elsewhere = await ended(9000, { experiment, cluster: "prod" });
    const rows = await past.runs({ experiment }, 5);
    expect(rows.map(({ runId }) => runId)).toEqual([elsewhere, aborted, first]);
    expect(rows[2]).toMatchObject({
      experiment,
      system: "redis-sentinel",
      cluster: "lab",
      namespace: "cache",
      parameters: { duration: "15s", rate: 100 },
      requestedBy: "U1",
      verdicts: { hypothesis: "held", run: "completed", cleanup: "verified" },
      figures: { rto: 3000, lost: 4, slowDown: null },
      version: "redis_version 7.0.15",
      measures: [{ id: "first-new-write", value: 3000 }],
    });
    expect((await past.runs({ experiment, cluster: "prod" }, 5)).map(({ runId }) => runId)).toEqual([elsewhere]);
    expect((await past.runs({ experiment }, 2)).map(({ runId }) => runId)).toEqual([elsewhere, aborted]);
  });
  it("are there without figures when another version wrote the report", async () => {
    const experiment = "of-an-old-version";
    await ended(1, { experiment }, "completed", { schemaVersion: 1 });
    await ended(1, { experiment }, "completed", { measures: "none" });
    const rows = await readPastRuns(db.database, { experiment }, { perExperiment: 9, limit: 9 });
    expect(rows).toHaveLength(2);
    for (const row of rows) {
      expect(row.verdicts).toBeNull();
      expect(row.figures).toEqual({ rto: null, lost: null, slowDown: null });
    }
  });
});

describe("the last results", () => {
  it("are the newest of each experiment on each target of a cluster, with the trend", async () => {
    const cluster = "cluster-of-results";
    const past = createPastService(db.database);
    expect(await past.lastResults({ cluster })).toEqual([]);
    for (const rto of [3000, 3100, 2900]) await ended(rto, { cluster, experiment: "a" });
    const last = await ended(9000, { cluster, experiment: "a" });
    const other = await ended(5, { cluster, experiment: "b", system: "etcd" });
    const results = await past.lastResults({ cluster });
    expect(results.map(({ system, results: own }) => [system, own.map((each) => each.last.runId)])).toEqual([
      ["etcd", [other]],
      ["redis-sentinel", [last]],
    ]);
    expect(results[1]?.results[0]?.trends[0]).toMatchObject({ figure: "rto", standing: "worse", median: 3000 });
    expect((await past.lastResults()).length).toBeGreaterThanOrEqual(2);
  });
});
