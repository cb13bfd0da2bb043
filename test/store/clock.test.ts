import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { databaseNow, type Queryable } from "../../src/store/database.ts";
import { startSharedClock } from "../../src/store/shared-clock.ts";
import { isPastExpiry } from "../../src/store/request-expiry.ts";
import { longestLeaseMs, ownerlessRuns, renewLease, takeLease } from "../../src/store/leases.ts";
import { insertTestRun, startTestDatabase, type TestDatabase } from "../support/database.ts";

let db: TestDatabase;
beforeAll(async () => {
  db = await startTestDatabase();
});
afterAll(() => db?.stop());

const take = (runId: string, leaseMs: number) =>
  takeLease(db.database, { runId, owner: "w", states: ["requested"], leaseMs });
/** What a clock that is put back by an hour does to a lease: it ends an hour later from now. */
const putBack = (runId: string) =>
  db.database.query("update runs set lease_until = lease_until + interval '1 hour' where id = $1", [runId]);

describe("a lease after PostgreSQL's clock was put back by an hour", () => {
  it("counts as over when its owner is gone", async () => {
    const runId = await insertTestRun(db.database);
    await take(runId, 60_000);
    expect(await ownerlessRuns(db.database, ["requested"])).not.toContain(runId);
    await putBack(runId);
    expect(await ownerlessRuns(db.database, ["requested"])).toContain(runId);
    expect(await take(runId, 60_000)).toMatchObject({ fence: 2 });
  });

  it("is right again as soon as its owner renews it", async () => {
    const runId = await insertTestRun(db.database);
    await take(runId, 60_000);
    await putBack(runId);
    expect(await renewLease(db.database, { runId, fence: 1, leaseMs: 60_000 })).toBe(true);
    expect(await ownerlessRuns(db.database, ["requested"])).not.toContain(runId);
    expect(await take(runId, 60_000)).toBeNull();
  });

  it("is never longer than what tells the two apart", async () => {
    const runId = await insertTestRun(db.database);
    await take(runId, 10 * longestLeaseMs);
    expect(await ownerlessRuns(db.database, ["requested"])).not.toContain(runId);
    const { rows } = await db.database.query<{ ms: number }>(
      "select extract(epoch from lease_until - clock_timestamp()) * 1000 as ms from runs where id = $1",
      [runId],
    );
    expect(Number(rows[0]?.ms)).toBeLessThanOrEqual(longestLeaseMs);
  });
});

describe("the clock that bots and workers share", () => {
  it("is PostgreSQL's, counted on by the monotonic clock and not by this machine's", async () => {
    let monotonicMs = 1000;
    /** Test double: a PostgreSQL whose clock stands at noon. */
    const noon = { query: async () => ({ rows: [{ now: new Date("2026-01-01T12:00:00Z") }] }) };
    const clock = await startSharedClock(noon as unknown as Queryable, () => monotonicMs);
    monotonicMs += 5000;
    expect(clock.now().toISOString()).toBe("2026-01-01T12:00:05.000Z");
    clock.stop();
  });

  it("agrees with the server that it asked", async () => {
    const clock = await startSharedClock(db.database);
    const theirs = Date.parse(await databaseNow(db.database));
    expect(Math.abs(clock.now().getTime() - theirs)).toBeLessThan(2000);
    clock.stop();
  });
});

describe("a request's time", () => {
  it("is over by PostgreSQL's clock, and not before", async () => {
    const runId = await insertTestRun(db.database);
    expect(await isPastExpiry(db.database, runId)).toBe(false);
    await db.database.query("update runs set expires_at = clock_timestamp() where id = $1", [runId]);
    expect(await isPastExpiry(db.database, runId)).toBe(true);
    expect(await isPastExpiry(db.database, "run-0")).toBe(false);
  });
});
