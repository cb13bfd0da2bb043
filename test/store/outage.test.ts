import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createJournal } from "../../src/run/journal.ts";
import { inTransactionOnce, isOutage, openDatabase, type Database } from "../../src/store/database.ts";
import { eventsAfter } from "../../src/store/events.ts";
import { takeLease } from "../../src/store/leases.ts";
import { cutPostgres } from "../support/cut-postgres.ts";
import { insertTestRun, startTestDatabase, type TestDatabase } from "../support/database.ts";
import { showsAll } from "../support/shows-all.ts";

describe("PostgreSQL going away", () => {
  let db: TestDatabase;
  let proxy: Awaited<ReturnType<typeof cutPostgres>>;
  let database: Database;
  beforeAll(async () => {
    db = await startTestDatabase();
    proxy = await cutPostgres(db.url);
    database = openDatabase(proxy.url, () => undefined);
    await db.database.query("create table marks (n integer)");
  });
  afterAll(async () => {
    await database?.end();
    await proxy?.stop();
    await db?.stop();
  });
  const never = new AbortController().signal;
  const marks = async (n: number): Promise<number> =>
    (await db.database.query("select 1 from marks where n = $1", [n])).rows.length;

  it("is waited for, and the transaction is done once when it is back", async () => {
    proxy.set("cut");
    setTimeout(() => proxy.set("open"), 700);
    await inTransactionOnce(database, (client) => client.query("insert into marks values (1)"), never);
    expect(await marks(1)).toBe(1);
  });

  it("with the answer to a commit: what was done is not done again", async () => {
    let works = 0;
    proxy.set("loses a commit");
    const answer = await inTransactionOnce(
      database,
      async (client) => {
        works += 1;
        await client.query("insert into marks values (2)");
        return "the answer";
      },
      never,
    );
    expect(answer).toBe("the answer");
    expect(proxy.lost()).toBe(1);
    expect({ works, rows: await marks(2) }).toEqual({ works: 1, rows: 1 });
  });

  it("is given up when the lease is lost", async () => {
    const lease = new AbortController();
    proxy.set("cut");
    setTimeout(() => lease.abort(new Error("lease lost")), 500);
    const writing = inTransactionOnce(database, (client) => client.query("insert into marks values (3)"), lease.signal);
    await expect(writing).rejects.toThrow("lease lost");
    proxy.set("open");
    expect(await marks(3)).toBe(0);
  });

  it("is told from what PostgreSQL refuses, which is not tried again", async () => {
    let works = 0;
    const wrong = inTransactionOnce(
      database,
      (client) => {
        works += 1;
        return client.query("insert into nowhere values (1)");
      },
      never,
    );
    await expect(wrong).rejects.toThrow(/nowhere/);
    expect(works).toBe(1);
    expect(isOutage(new Error("connect ECONNREFUSED 127.0.0.1:5432"))).toBe(true);
    expect(isOutage(new Error("something else"))).toBe(false);
  });

  it("costs a run's journal no event and doubles none", async () => {
    const runId = await insertTestRun(db.database);
    await db.database.query("update runs set state = 'approved' where id = $1", [runId]);
    const lease = await takeLease(db.database, { runId, owner: "w", states: ["approved"], leaseMs: 60_000 });
    const journal = createJournal(
      database,
      { runId, fence: lease?.fence ?? 0, state: "approved", lost: never },
      showsAll,
    );
    await journal.move("preflight");
    proxy.set("loses a commit");
    await journal.say({ type: "problem", code: "a", message: "first", hint: "" });
    proxy.set("cut");
    const said = [
      journal.say({ type: "problem", code: "a", message: "second", hint: "" }),
      journal.move("baseline", { atMs: 0 }),
    ];
    setTimeout(() => proxy.set("open"), 600);
    await Promise.all(said);
    const events = await eventsAfter(db.database, runId, 0);
    expect(events.map((event) => (event.type === "problem" ? event.message : event.type))).toEqual([
      "state",
      "first",
      "second",
      "state",
    ]);
    expect(events.map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
  });
});
