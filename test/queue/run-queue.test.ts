import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startRedis, type EmbeddedRedis } from "../../src/embedded/redis.ts";
import { openRunQueue, startRunWorker, type RunQueue } from "../../src/queue/run-queue.ts";
import { makeFolder } from "../embedded/support.ts";
import { waitFor } from "../support/stack.ts";

describe("wake-up calls on a real Redis", () => {
  const { folder, remove } = makeFolder();
  let redis: EmbeddedRedis;
  let queue: RunQueue;
  beforeAll(async () => {
    redis = await startRedis(folder);
    queue = await openRunQueue(redis.url, () => undefined);
  });
  beforeEach(async () => {
    const client = new Redis(redis.url);
    await client.flushall();
    client.disconnect();
  });
  afterAll(async () => {
    await queue.close();
    await redis.stop();
    remove();
  });

  const worker = (handle: (runId: string) => Promise<void>) =>
    startRunWorker({ redisUrl: redis.url, concurrency: 1, handle, onError: () => undefined });

  it("calls once, however often the run is woken before a worker comes", async () => {
    for (let time = 0; time < 5; time += 1) await queue.wake("run-1");
    const taken: string[] = [];
    const one = worker(async (runId) => void taken.push(runId));
    await waitFor(
      async () => taken.length,
      (count) => count > 0,
      10_000,
    );
    await queue.wake("run-2");
    await waitFor(
      async () => taken.at(-1),
      (last) => last === "run-2",
      10_000,
    );
    expect(taken).toEqual(["run-1", "run-2"]);
    await one.close();
  });

  it("calls again while an earlier call is in the hands of a worker that does nothing with it", async () => {
    let letGo: () => void = () => undefined;
    const stuck = new Promise<void>((resolve) => (letGo = resolve));
    let taken = 0;
    const first = worker(async () => {
      taken += 1;
      await stuck;
    });
    await queue.wake("run-1");
    await waitFor(
      async () => taken,
      (count) => count === 1,
      10_000,
    );
    await queue.wake("run-1");
    await queue.wake("run-1");
    const others: string[] = [];
    const second = worker(async (runId) => void others.push(runId));
    await waitFor(
      async () => others,
      (list) => list.length > 0,
      10_000,
    );
    expect(others).toEqual(["run-1"]);
    letGo();
    await Promise.all([first.close(), second.close()]);
  });
});
