import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { saveArtifact } from "../../src/store/artifacts.ts";
import { lastCompletedRun, recentMeasures } from "../../src/store/earlier-runs.ts";
import { compareAndSetState } from "../../src/store/runs.ts";
import type { Plan } from "../../src/run/plan.ts";
import type { RunState } from "../../src/run/lifecycle.ts";
import { insertTestRun, plan, startTestDatabase, type TestDatabase } from "../support/database.ts";

let db: TestDatabase;
beforeAll(async () => {
  db = await startTestDatabase();
});
afterAll(() => db?.stop());

/** A run that has ended, with a report of one measure. */
async function ended(value: number | null, change: Partial<Plan> = {}, to: RunState = "completed"): Promise<string> {
  const runId = await insertTestRun(db.database, "C1", change);
  if (value !== null) {
    const bytes = Buffer.from(JSON.stringify({ measures: [{ id: "first-new-write", value }] }));
    await saveArtifact(db.database, runId, { name: "report.json", contentType: "application/json", bytes });
  }
  await compareAndSetState(db.database, { runId, from: "requested", to });
  return runId;
}
const last = async (change: Partial<Plan>, runId = "none") =>
  (await lastCompletedRun(db.database, { ...plan, ...change, runId }))?.runId ?? null;

describe("the last run", () => {
  it("is the newest completed one of the same experiment on the same target, and not the run itself", async () => {
    const here = { experiment: "of-the-last-run" };
    expect(await last(here)).toBeNull();
    const first = await ended(1, here);
    const second = await ended(2, here);
    const third = await ended(3, here);
    expect(await last(here)).toBe(third);
    expect(await last(here, third)).toBe(second);
    for (const other of [
      { namespace: "cache-2" },
      { cluster: "prod" },
      { system: "redis" },
      { experiment: "another" },
    ]) {
      await ended(9, { ...here, ...other });
    }
    await ended(9, here, "failed");
    await ended(null, here);
    expect(await last(here, third)).toBe(second);
    const found = await lastCompletedRun(db.database, { ...plan, ...here, runId: second });
    expect(found?.runId).toBe(third);
    expect(first).not.toBe(second);
    expect(JSON.parse(found?.report ?? "")).toEqual({ measures: [{ id: "first-new-write", value: 3 }] });
  });
});

describe("what was measured on a cluster", () => {
  it("is that of the newest runs of each experiment, newest first", async () => {
    const cluster = "measured-cluster";
    const oldest = await ended(1, { cluster, experiment: "a" });
    const newer = await ended(2, { cluster, experiment: "a" });
    const newest = await ended(3, { cluster, experiment: "a" });
    const other = await ended(4, { cluster, experiment: "b", system: "etcd" });
    await ended(5, { cluster, experiment: "b" }, "aborted");
    const own = await ended(6, { cluster, experiment: "b" });
    const rows = await recentMeasures(db.database, { runId: own, cluster, perExperiment: 2 });
    expect(rows.map(({ runId }) => runId)).toEqual([other, newest, newer]);
    expect(rows[0]).toMatchObject({ system: "etcd", experiment: "b", measures: [{ id: "first-new-write", value: 4 }] });
    expect(rows.map(({ runId }) => runId)).not.toContain(oldest);
  });
});
