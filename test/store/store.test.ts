import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createJournal } from "../../src/run/journal.ts";
import { takeOwnership } from "../../src/run/ownership.ts";
import { inTransaction, violates } from "../../src/store/database.ts";
import { appendEvents, eventsAfter } from "../../src/store/events.ts";
import { renewLease, takeLease } from "../../src/store/leases.ts";
import { compareAndSetState, findRun, requestAbort } from "../../src/store/runs.ts";
import { migrate } from "../../src/store/schema.ts";
import { insertTestRun, startTestDatabase, type TestDatabase } from "../support/database.ts";
import { waitFor } from "../support/stack.ts";
import { showsAll } from "../support/shows-all.ts";

let db: TestDatabase;
beforeAll(async () => {
  db = await startTestDatabase();
});
afterAll(() => db?.stop());

const approved = async (change = {}): Promise<string> => {
  const runId = await insertTestRun(db.database, "C1", change);
  expect(await compareAndSetState(db.database, { runId, from: "requested", to: "approved" })).toBe(true);
  return runId;
};
const lease = (owner: string, leaseMs = 60_000) => ({ owner, leaseMs, onError: () => undefined });

describe("the store", () => {
  it("migrates once, also when several processes start together", async () => {
    await Promise.all([migrate(db.url), migrate(db.url), migrate(db.url)]);
  });
  it("numbers events without gaps, also from many writers at once", async () => {
    const runId = await insertTestRun(db.database);
    await Promise.all(
      Array.from({ length: 20 }, () =>
        inTransaction(db.database, (client) => appendEvents(client, runId, [{ type: "expired" }, { type: "expired" }])),
      ),
    );
    expect((await eventsAfter(db.database, runId, 0)).map((event) => event.seq)).toEqual(
      Array.from({ length: 40 }, (_u, at) => at + 1),
    );
  });
  it("loses only its transaction when its connection is ended between two statements", async () => {
    const broken = inTransaction(db.database, async (client) => {
      const lost = new Promise((resolve) => client.once("end", resolve));
      const { rows } = await client.query<{ pid: number }>("select pg_backend_pid() as pid");
      await db.database.query("select pg_terminate_backend($1)", [rows[0]?.pid]);
      await lost;
      await client.query("select 1");
    });
    await expect(broken).rejects.toThrow();
    expect((await db.database.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
  });
  it("moves a state once, however many try", async () => {
    const runId = await insertTestRun(db.database);
    const moved = await Promise.all(
      [1, 2, 3, 4].map(() => compareAndSetState(db.database, { runId, from: "requested", to: "approved" })),
    );
    expect(moved.filter(Boolean)).toHaveLength(1);
  });
  it("refuses a second active run on one target, and allows it when the first has ended", async () => {
    const target = { targetKey: "lab/cache/shared" };
    const first = await approved(target);
    const second = await insertTestRun(db.database, "C1", target);
    const move = () => compareAndSetState(db.database, { runId: second, from: "requested", to: "approved" });
    await expect(move().catch((error: unknown) => violates(error, "one_active_run_per_target"))).resolves.toBe(true);
    await compareAndSetState(db.database, { runId: first, from: "approved", to: "aborted" });
    expect(await move()).toBe(true);
  });
});

describe("the lease of a run", () => {
  it("has one owner, and a rising fence at each take-over", async () => {
    const runId = await approved();
    const claims = await Promise.all(
      ["a", "b", "c"].map((owner) => takeLease(db.database, { runId, owner, states: ["approved"], leaseMs: 150 })),
    );
    expect(claims.filter((claim) => claim !== null)).toHaveLength(1);
    const later = await waitFor(
      () => takeLease(db.database, { runId, owner: "d", states: ["approved"], leaseMs: 60_000 }),
      (claim) => claim !== null,
      5000,
    );
    expect(later?.fence).toBe(2);
    expect(await renewLease(db.database, { runId, fence: 1, leaseMs: 60_000 })).toBe(false);
    expect(await renewLease(db.database, { runId, fence: 2, leaseMs: 60_000 })).toBe(true);
  });
  it("lost: its former owner can write nothing more", async () => {
    const runId = await approved();
    const old = await takeOwnership(db.database, runId, ["approved"], lease("old"));
    if (old === null) throw new Error("not owned");
    const journal = createJournal(db.database, old, showsAll);
    await journal.move("preflight");
    await db.database.query("update runs set lease_fence = lease_fence + 1 where id = $1", [runId]);
    await expect(journal.say({ type: "expired" })).rejects.toMatchObject({ code: "lease_lost" });
    await expect(journal.move("baseline")).rejects.toMatchObject({ code: "lease_lost" });
    expect((await findRun(db.database, runId))?.state).toBe("preflight");
    old.release();
  });
  it("tells its owner when it is gone, and when somebody wants the run stopped", async () => {
    const runId = await approved();
    const owner = await takeOwnership(db.database, runId, ["approved"], lease("o", 600));
    await requestAbort(db.database, runId, "U9", null);
    await waitFor(
      async () => owner?.stop.aborted,
      (aborted) => aborted === true,
      5000,
    );
    expect(owner?.stop.reason).toMatchObject({ kind: "abort", by: "U9" });
    expect(owner?.lost.aborted).toBe(false);
    await db.database.query("update runs set lease_fence = 99 where id = $1", [runId]);
    await waitFor(
      async () => owner?.lost.aborted,
      (aborted) => aborted === true,
      5000,
    );
  });
  it("does not let a journal jump where the lifecycle does not go", async () => {
    const runId = await approved();
    const owner = await takeOwnership(db.database, runId, ["approved"], lease("o"));
    if (owner === null) throw new Error("not owned");
    await expect(createJournal(db.database, owner, showsAll).move("injecting")).rejects.toThrow(/cannot become/);
    owner.release();
  });
});
