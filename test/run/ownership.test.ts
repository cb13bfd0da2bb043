import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { takeOwnership } from "../../src/run/ownership.ts";
import { openTransactionMs } from "../../src/store/database.ts";
import { takeLease } from "../../src/store/leases.ts";
import { requestAbort } from "../../src/store/runs.ts";
import { insertTestRun, startTestDatabase, type TestDatabase } from "../support/database.ts";

const once = (signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve) => signal?.addEventListener("abort", () => resolve(), { once: true }));

describe("the lease of a run, on real PostgreSQL", () => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await startTestDatabase();
  });
  afterAll(() => db?.stop());

  const own = (runId: string, leaseMs: number) =>
    takeOwnership(db.database, runId, ["requested"], { owner: "w", leaseMs, onError: () => undefined });

  it("is known to be lost before any timer fires, when a process was stopped and goes on", async () => {
    const ownership = await own(await insertTestRun(db.database), 400);
    expect(() => ownership?.requireHeld()).not.toThrow();
    // What SIGSTOP and SIGCONT do: time passes, and no timer has run yet when the code goes on.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 600);
    expect(ownership?.lost.aborted).toBe(false);
    expect(() => ownership?.requireHeld()).toThrow(/no longer owns/);
    expect(ownership?.lost.aborted).toBe(true);
    ownership?.release();
  });

  it("stops as soon as its owner looks, long before it renews by itself", async () => {
    const runId = await insertTestRun(db.database);
    const ownership = await own(runId, 3_600_000);
    const [looked, never] = [once(ownership?.stop), own(await insertTestRun(db.database), 3_600_000)];
    await requestAbort(db.database, runId, "U0ALICE", null);
    ownership?.look();
    await looked;
    expect(ownership?.stop.reason).toMatchObject({ kind: "abort", by: "U0ALICE" });
    (await never)?.look();
    expect((await never)?.stop.aborted).toBe(false);
    ownership?.release();
    expect(ownership?.released.aborted).toBe(true);
    (await never)?.release();
  });

  it("can be taken from a process that hangs in the middle of a transaction", async () => {
    const runId = await insertTestRun(db.database);
    const hanging = await db.database.connect();
    hanging.on("error", () => undefined);
    await hanging.query("begin");
    await hanging.query("update runs set last_seq = last_seq where id = $1", [runId]);
    const startedAtMs = performance.now();
    const claim = { runId, owner: "other", states: ["requested" as const], leaseMs: 1000 };
    expect(await takeLease(db.database, claim)).toMatchObject({ fence: 1 });
    expect(performance.now() - startedAtMs).toBeGreaterThan(openTransactionMs / 2);
    await expect(hanging.query("commit")).rejects.toThrow();
    hanging.release(true);
  }, 30_000);
});
