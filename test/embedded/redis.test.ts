import { Redis } from "ioredis";
import { expect, it } from "vitest";
import { startRedis } from "../../src/embedded/redis.ts";
import { makeFolder } from "./support.ts";

it("the queue's Redis evicts nothing, keeps nothing, and is gone when stopped", async () => {
  const { folder, remove } = makeFolder();
  const redis = await startRedis(folder);
  const client = new Redis(redis.url, { retryStrategy: () => null });
  client.on("error", () => undefined);
  try {
    expect(await client.config("GET", "maxmemory-policy")).toMatchObject(["maxmemory-policy", "noeviction"]);
    expect(await client.config("GET", "save")).toMatchObject(["save", ""]);
    expect(await client.config("GET", "bind")).toMatchObject(["bind", "127.0.0.1"]);
    expect(await client.set("key", "value")).toBe("OK");
    await redis.stop();
    const second = new Redis(redis.url, { retryStrategy: () => null, lazyConnect: true });
    second.on("error", () => undefined);
    await expect(second.connect()).rejects.toThrow();
  } finally {
    client.disconnect();
    await redis.stop();
    remove();
  }
});
