import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Report } from "../../src/findings/report.ts";
import type { ConductorDeps } from "../../src/run/conductor.ts";
import { plainAccess } from "../../src/probes/access.ts";
import { takeOver } from "../../src/run/take-over.ts";
import { appendEvents, eventsAfter } from "../../src/store/events.ts";
import { findRun } from "../../src/store/runs.ts";
import { testAuthoriser } from "../support/policy.ts";
import { everythingAllowed } from "../../src/run/where-allowed.ts";
import { insertTestRun, startTestDatabase, type TestDatabase } from "../support/database.ts";

describe("a run whose worker died in judging, on real PostgreSQL", () => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await startTestDatabase();
  });
  afterAll(() => db?.stop());

  /** No cluster and no system: what needs one would fail. */
  const deps = (): ConductorDeps => ({
    database: db.database,
    registry: {
      experiments: [],
      clusterNames: [],
      allowed: everythingAllowed,
      watching: () => null,
      targets: () => [],
      access: () => ({ access: plainAccess, way: null }),
      hide: (value) => value,
      cluster: () => {
        throw new Error("the cluster was asked");
      },
      system: () => {
        throw new Error("the system was asked");
      },
    },
    authoriser: testAuthoriser(),
    lease: { owner: "second", leaseMs: 5000, onError: () => undefined },
    healDeadlines: { deleteMs: 1000, forceMs: 1000 },
    renderCharts: () => Promise.reject(new Error("no chart")),
    log: () => undefined,
    onOwned: () => undefined,
  });
  const diedInJudging = async (verdict: "completed" | "aborted" | null): Promise<string> => {
    const runId = await insertTestRun(db.database);
    if (verdict !== null) {
      const run = verdict === "aborted" ? { reason: "Stopped by <@U1>." } : {};
      const report = {
        verdicts: { run: verdict, hypothesis: "refuted", cleanup: "verified" },
        cleanup: [],
        run,
      } as unknown as Report;
      await appendEvents(db.database, runId, [{ type: "judged", report, artifacts: [] }]);
    }
    await db.database.query("update runs set state = 'judging' where id = $1", [runId]);
    return runId;
  };

  it.each(["completed", "aborted"] as const)(
    "ends %s when it was judged so already, and is judged no second time",
    async (verdict) => {
      const runId = await diedInJudging(verdict);
      await takeOver(deps(), runId);
      expect((await findRun(db.database, runId))?.state).toBe(verdict);
      const events = await eventsAfter(db.database, runId, 0);
      expect(events.map(({ type }) => type)).toEqual(["judged", "claimed", "audit-head", "state"]);
      const noted = events.find(({ type }) => type === "audit-head");
      const { rows } = await db.database.query("select hash from audit_log where seq = $1", [
        noted?.type === "audit-head" ? noted.entry : null,
      ]);
      expect(rows).toMatchObject([{ hash: noted?.type === "audit-head" ? noted.hash : "none" }]);
      expect(events.at(-1)).toMatchObject({
        from: "judging",
        to: verdict,
        reason: verdict === "aborted" ? "Stopped by <@U1>." : null,
      });
    },
  );

  it("says where the audit trail stands once, though the worker died after saying it", async () => {
    const runId = await diedInJudging("completed");
    const said = { type: "audit-head", entry: 1, hash: "a".repeat(64) } as const;
    await appendEvents(db.database, runId, [said]);
    await takeOver(deps(), runId);
    const events = await eventsAfter(db.database, runId, 0);
    expect(events.filter(({ type }) => type === "audit-head")).toMatchObject([said]);
  });

  it("is healed and proven anew when it was not judged yet", async () => {
    const runId = await diedInJudging(null);
    await expect(takeOver(deps(), runId)).rejects.toThrow("the cluster was asked");
    expect((await findRun(db.database, runId))?.state).toBe("judging");
  });
});
