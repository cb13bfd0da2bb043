import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startRedis, type EmbeddedRedis } from "../../src/embedded/redis.ts";
import { openScheduleQueue, startScheduleWorker, type ScheduleQueue } from "../../src/queue/schedule-queue.ts";
import { reconcileSchedules } from "../../src/run/schedules/reconciler.ts";
import { startTestDatabase, type TestDatabase } from "../support/database.ts";
import { bob, scheduleRig, type ScheduleRig } from "../support/schedule-rig.ts";
import { waitFor } from "../support/stack.ts";

let directory: string;
let redis: EmbeddedRedis;
let db: TestDatabase;
let queue: ScheduleQueue;
let rig: ScheduleRig;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "aftershock-test-"));
  [redis, db] = await Promise.all([startRedis(directory), startTestDatabase()]);
  queue = await openScheduleQueue(redis.url, () => undefined);
});
afterAll(async () => {
  await queue?.close();
  await redis?.stop();
  await db?.stop();
  rmSync(directory, { recursive: true, force: true });
});
beforeEach(() => {
  rig = scheduleRig(db);
  rig.world.now = new Date();
});

const reconcile = () => reconcileSchedules({ ...rig.deps, wakeUpCalls: queue });
const loseEverything = async (): Promise<void> => {
  const client = new Redis(redis.url);
  await client.flushall();
  await client.quit();
};
const ids = async (): Promise<string[]> => (await queue.list()).map(({ id }) => id);

describe("wake-up calls", () => {
  it("come at the times of their pattern, to one of two workers", async () => {
    const taken: string[] = [];
    const workers = [1, 2].map(() =>
      startScheduleWorker({
        redisUrl: redis.url,
        handle: async (id) => void taken.push(id),
        onError: () => undefined,
      }),
    );
    try {
      // Every second: the queue takes what the service would refuse.
      await queue.set("schedule-9001", { pattern: "* * * * * *", timeZone: "UTC" });
      await waitFor(
        async () => taken.length,
        (calls) => calls >= 2,
        15_000,
      );
      expect(new Set(taken)).toEqual(new Set(["schedule-9001"]));
    } finally {
      await queue.remove("schedule-9001");
      await Promise.all(workers.map((worker) => worker.close()));
    }
  });
  it("know zone and next time", async () => {
    await queue.set("schedule-9002", { pattern: "0 6 * * 0", timeZone: "Europe/Berlin" });
    const call = (await queue.list()).find(({ id }) => id === "schedule-9002");
    expect(call).toMatchObject({ pattern: "0 6 * * 0", timeZone: "Europe/Berlin" });
    const next = new Date(call?.nextAtMs ?? 0);
    expect(next.getTime()).toBeGreaterThan(Date.now());
    const inBerlin = next.toLocaleString("en-GB", { timeZone: "Europe/Berlin", weekday: "long", hour: "2-digit" });
    expect(inBerlin).toMatch(/Sunday.*06/);
    await queue.remove("schedule-9002");
    expect(await ids()).not.toContain("schedule-9002");
  });
  it("are back after all of Redis was lost, and those of schedules that are over are removed", async () => {
    const kept = await rig.active();
    const over = await rig.active();
    await reconcile();
    expect(await ids()).toEqual(expect.arrayContaining([kept, over]));
    await rig.service.cancel(bob, over);
    await loseEverything();
    expect(await ids()).toEqual([]);
    await reconcile();
    expect(await ids()).toEqual([kept]);
    await queue.set(over, { pattern: "0 6 * * 0", timeZone: "UTC" });
    await queue.set(kept, { pattern: "0 7 * * 0", timeZone: "UTC" });
    await reconcile();
    expect(await queue.list()).toEqual([expect.objectContaining({ id: kept, pattern: "0 * * * *" })]);
  });
});
