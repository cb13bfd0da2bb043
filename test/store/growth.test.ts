import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { asked, questions, type Asked } from "../support/asked.ts";
import { fillHistory, openRuns } from "../support/big-history.ts";
import { startTestDatabase, type TestDatabase } from "../support/database.ts";

/** Judged by the rows that PostgreSQL reads, which no busy machine changes; `npx tsx bench/history.ts` has the times. */
const volume = { runs: 10_000, eventsPerRun: 3 };
let db: TestDatabase;
let client: pg.Client;
beforeAll(async () => {
  db = await startTestDatabase();
  client = new pg.Client({ connectionString: db.url });
  await client.connect();
  await fillHistory(client, volume);
});
afterAll(async () => {
  await client?.end();
  await db?.stop();
});

describe("what is asked again and again", () => {
  it.each(questions(volume).filter(({ reads }) => reads !== "history"))(
    "$what does not read the runs of the past",
    async (question) => {
      const { rowsRead, plans } = await asked(client, question);
      // At an end, what was run of the same experiment on the same cluster is read: here one in 60 runs.
      const most = question.reads === "its own past" ? 3 * (volume.runs / 60) : 10 * openRuns;
      expect({ plans, few: rowsRead <= most }).toEqual({ plans, few: true });
    },
  );
  it("is told from a question that does read them all", async () => {
    const all: Asked[] = [];
    for (const question of questions(volume).filter(({ reads }) => reads === "history")) {
      all.push(await asked(client, question));
    }
    expect(all.map(({ rowsRead }) => rowsRead >= volume.runs - openRuns)).toContain(true);
  });
});
