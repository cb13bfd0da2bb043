import { Redis } from "ioredis";

/** What the queue's Redis is. */
export interface RedisFacts {
  /** `redis_version` of INFO; empty where it says none. */
  version: string;
  /** `maxmemory_policy` of INFO; null where it says none. */
  policy: string | null;
  /** `master` or `slave` (INFO, replication); null where it says none. */
  role: string | null;
  clock: { theirsMs: number; askedAtMs: number; answeredAtMs: number };
}

/**
 * Looks, and changes nothing: INFO, which a managed Redis allows where it allows no CONFIG, and TIME. Every step ends within
 * `withinMs`. Rejects with what Redis or the network said.
 */
export async function inspectRedis(url: string, withinMs: number): Promise<RedisFacts> {
  let problem: Error | undefined;
  const client = new Redis(url, {
    lazyConnect: true,
    retryStrategy: () => null,
    connectTimeout: withinMs,
    commandTimeout: withinMs,
    enableReadyCheck: false,
  });
  // What it rejects with later says only that there is no connection.
  client.on("error", (error) => (problem ??= error));
  try {
    await client.connect();
    const info = await client.info();
    const askedAtMs = Date.now();
    // Redis sends texts, whatever their type says.
    const [seconds = 0, microseconds = 0] = (await client.time()).map(Number);
    const answeredAtMs = Date.now();
    const line = (name: string): string | null => new RegExp(`^${name}:(.*?)\r?$`, "m").exec(info)?.[1] ?? null;
    return {
      version: line("redis_version") ?? "",
      policy: line("maxmemory_policy"),
      role: line("role"),
      clock: { theirsMs: seconds * 1000 + microseconds / 1000, askedAtMs, answeredAtMs },
    };
  } catch (error) {
    throw problem ?? error;
  } finally {
    client.disconnect();
  }
}
