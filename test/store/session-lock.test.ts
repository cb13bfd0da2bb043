import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { withSessionLock } from "../../src/store/session-lock.ts";
import { startTestDatabase, type TestDatabase } from "../support/database.ts";

let db: TestDatabase;
let hurried: pg.Pool;
beforeAll(async () => {
  db = await startTestDatabase();
  hurried = new pg.Pool({ connectionString: db.url, idle_in_transaction_session_timeout: 200 });
  hurried.on("error", () => undefined);
});
afterAll(async () => {
  await hurried?.end();
  await db?.stop();
});

it("keeps others out for as long as the work goes on, longer than a transaction may stand still", async () => {
  const others: boolean[] = [];
  const mine = await withSessionLock(hurried, 7, async () => {
    await sleep(700);
    others.push(await withSessionLock(db.database, 7, async () => undefined));
    others.push(await withSessionLock(db.database, 8, async () => undefined));
  });
  expect({ mine, others }).toEqual({ mine: true, others: [false, true] });
  expect(await withSessionLock(db.database, 7, async () => undefined)).toBe(true);
});

it("is given back when the work fails, and when its connection is cut in the middle", async () => {
  await expect(withSessionLock(hurried, 9, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  const cut = async (): Promise<void> => {
    await db.database.query(
      "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and objid = 9 and pid <> pg_backend_pid()",
    );
    await sleep(50);
  };
  await withSessionLock(hurried, 9, cut);
  expect(await withSessionLock(db.database, 9, async () => undefined)).toBe(true);
});
