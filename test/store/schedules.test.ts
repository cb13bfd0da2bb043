import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { inTransaction } from "../../src/store/database.ts";
import { appendScheduleEvents, scheduleEvents } from "../../src/store/schedule-events.ts";
import {
  claimDueTime,
  findSchedule,
  finishStart,
  insertSchedule,
  moveSchedule,
  reclaimStart,
  setApproval,
} from "../../src/store/schedules.ts";
import { insertTestRun, startTestDatabase, type TestDatabase } from "../support/database.ts";
import { testSchedule } from "../support/schedule.ts";

let db: TestDatabase;
beforeAll(async () => {
  db = await startTestDatabase();
});
afterAll(() => db?.stop());

const now = new Date("2026-11-24T11:00:00Z");
const later = new Date("2026-11-24T12:00:00Z");
const active = async (): Promise<string> => {
  const requestExpiresAt = new Date(testSchedule.requestExpiresAt);
  const id = await insertSchedule(db.database, { ...testSchedule, createdAt: now, requestExpiresAt });
  await moveSchedule(db.database, { id, from: "requested", to: "active" });
  await setApproval(db.database, id, new Date("2027-01-01T00:00:00Z"), now);
  return id;
};
const take = (id: string, dueAt = now): Promise<number | null> =>
  claimDueTime(db.database, { id, dueAt: dueAt.toISOString(), startingAt: dueAt, nextDueAt: later, now });

describe("the store of schedules", () => {
  it("gives back what was put in", async () => {
    const requestExpiresAt = new Date(testSchedule.requestExpiresAt);
    const id = await insertSchedule(db.database, { ...testSchedule, createdAt: now, requestExpiresAt });
    expect(await findSchedule(db.database, id)).toEqual({ ...testSchedule, id });
  });
  it("gives a due time to one, however many take it, also when it has microseconds", async () => {
    const id = await active();
    await db.database.query("update schedules set next_due_at = '2026-11-24T11:00:00.000499Z' where id = $1", [id]);
    const fences = await Promise.all(Array.from({ length: 10 }, () => take(id)));
    expect(fences.filter((fence) => fence !== null)).toEqual([1]);
  });
  it("gives no further due time while one is being started", async () => {
    const id = await active();
    expect(await take(id)).toBe(1);
    expect(await take(id, later)).toBeNull();
    expect(await finishStart(db.database, { id, fence: 1, problem: "busy" })).toBe(true);
    // The one that was started is no longer the row's.
    expect(await take(id)).toBeNull();
    expect(await take(id, later)).toBe(2);
  });
  it("lets nobody end a start but who has it now, and that once", async () => {
    const id = await active();
    const runId = await insertTestRun(db.database);
    expect(await take(id)).toBe(1);
    const reclaimed = await Promise.all([1, 2, 3].map(() => reclaimStart(db.database, { id, fence: 1, now })));
    expect(reclaimed.filter((fence) => fence !== null)).toEqual([2]);
    expect(await finishStart(db.database, { id, fence: 1, runId })).toBe(false);
    expect(await finishStart(db.database, { id, fence: 2, runId })).toBe(true);
    expect(await finishStart(db.database, { id, fence: 2, runId })).toBe(false);
    expect(await findSchedule(db.database, id)).toMatchObject({ runsUsed: 1, lastRunId: runId, startingAt: null });
  });
  it("never lets more runs be used than were approved", async () => {
    const id = await active();
    const runId = await insertTestRun(db.database);
    await db.database.query("update schedules set runs_used = runs_allowed where id = $1", [id]);
    expect(await take(id)).toBe(1);
    await expect(finishStart(db.database, { id, fence: 1, runId })).rejects.toThrow("runs_used_within_approval");
  });
  it("moves a state once, and what is over comes due no more", async () => {
    const id = await active();
    expect(await take(id)).toBe(1);
    const moved = await Promise.all(
      [1, 2, 3].map(() => moveSchedule(db.database, { id, from: "active", to: "cancelled" })),
    );
    expect(moved.filter(Boolean)).toHaveLength(1);
    expect(await findSchedule(db.database, id)).toMatchObject({ nextDueAt: null, startingAt: null });
    expect(await finishStart(db.database, { id, fence: 1, problem: "x" })).toBe(false);
  });
  it("numbers events without gaps, also from many writers at once", async () => {
    const id = await active();
    const two = [{ type: "expired" }, { type: "expired" }] as const;
    await Promise.all(
      Array.from({ length: 10 }, () => inTransaction(db.database, (client) => appendScheduleEvents(client, id, two))),
    );
    expect((await scheduleEvents(db.database, id)).map(({ seq }) => seq)).toEqual(
      Array.from({ length: 20 }, (_each, at) => at + 1),
    );
  });
});
