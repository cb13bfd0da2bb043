import { afterAll, beforeAll, expect, it } from "vitest";
import { inTransaction } from "../../src/store/database.ts";
import { startTestDatabase, type TestDatabase } from "../support/database.ts";
import { waitFor } from "../support/stack.ts";

let db: TestDatabase;
const unheard: unknown[] = [];
const note = (error: unknown): void => void unheard.push(error);
beforeAll(async () => {
  db = await startTestDatabase();
  process.on("uncaughtException", note);
});
afterAll(async () => {
  process.off("uncaughtException", note);
  await db?.stop();
});

it("a connection that the server ends between two queries of a transaction is an error of that transaction, not of the process", async () => {
  const work = inTransaction(db.database, async (client) => {
    const { rows } = await client.query<{ pid: number }>("select pg_backend_pid() as pid");
    await db.database.query("select pg_terminate_backend($1)", [rows[0]?.pid]);
    // Nothing is asked of it until it is gone, and the news of that has come.
    const gone = async (): Promise<boolean> =>
      (await db.database.query("select 1 from pg_stat_activity where pid = $1", [rows[0]?.pid])).rowCount === 0;
    await waitFor(gone, Boolean, 5000);
    await new Promise((resolve) => setTimeout(resolve, 200));
    await client.query("select 1");
  });
  await expect(work).rejects.toThrow(/not queryable|terminat/);
  await new Promise((resolve) => setImmediate(resolve));
  expect(unheard).toEqual([]);
  // The broken one is not given out again.
  expect((await db.database.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
});
