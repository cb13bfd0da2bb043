import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { insertDecision, standingApprovals } from "../../src/store/decisions.ts";
import { insertTestRun, startTestDatabase, type TestDatabase } from "../support/database.ts";

describe("what people decided, on real PostgreSQL", () => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await startTestDatabase();
  });
  afterAll(() => db?.stop());

  it("is kept without the secret that somebody put into the reason", async () => {
    const runId = await insertTestRun(db.database);
    const reason = "checked with postgres://admin:hunter22hunter@db/app";
    await insertDecision(db.database, runId, { userId: "U1", decision: "approved", reason, digest: "d" });
    const { rows } = await db.database.query("select reason from run_decisions where run_id = $1", [runId]);
    expect(rows).toEqual([{ reason: "checked with postgres://admin:…@db/app" }]);
  });

  it("counts of each person the last decision", async () => {
    const runId = await insertTestRun(db.database);
    for (const [userId, decision] of [
      ["U1", "approved"],
      ["U2", "approved"],
      ["U1", "revoked"],
    ] as const) {
      await insertDecision(db.database, runId, { userId, decision, reason: null, digest: "d" });
    }
    expect(await standingApprovals(db.database, runId)).toMatchObject([{ userId: "U2", digest: "d" }]);
  });
});
