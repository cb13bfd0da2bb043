import { Redis } from "ioredis";
import type { Dial } from "../access.ts";
import { textOf } from "../figure.ts";

/** A Dial in ioredis' words. */
function redisOptions({ host, port, user, password, tls }: Dial) {
  return {
    host,
    port,
    ...(user === undefined ? {} : { username: user }),
    ...(password === undefined ? {} : { password }),
    ...(tls === undefined ? {} : { tls }),
  };
}

/**
 * A bare connection for measuring: no retries, no queue, no waiting for readiness. Whatever happens to a command is
 * told at once, and reconnecting is the caller's business (anchors/libraries.md 4.9). `timeoutMs`: of the connection
 * attempt and of every command.
 */
export function bareConnection(dial: Dial, timeoutMs: number): Redis {
  const redis = new Redis({
    ...redisOptions(dial),
    lazyConnect: true,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    enableReadyCheck: false,
    connectTimeout: timeoutMs,
    commandTimeout: timeoutMs,
    disconnectTimeout: 100,
    noDelay: true,
  });
  // Without a listener a lost connection would end the process; commands report it themselves.
  redis.on("error", () => undefined);
  return redis;
}

/** Connects. Rejects with why it failed: connect() itself only says that the connection is closed. */
export async function connect(redis: Redis): Promise<void> {
  let cause: unknown;
  const listen = (error: unknown): void => void (cause ??= error);
  redis.on("error", listen);
  try {
    await redis.connect();
  } catch (error) {
    throw cause ?? error;
  } finally {
    redis.off("error", listen);
  }
}

/** Connects, works, and disconnects. Rejects with what went wrong. */
export async function withConnection<T>(
  dial: Dial | Promise<Dial>,
  timeoutMs: number,
  work: (redis: Redis) => Promise<T>,
): Promise<T> {
  const redis = bareConnection(await dial, timeoutMs);
  try {
    await connect(redis);
    return await work(redis);
  } finally {
    redis.disconnect();
  }
}

/** The lines `name:value` of INFO. */
export function parseInfo(text: string): Record<string, string> {
  return Object.fromEntries(
    text.split(/\r?\n/).flatMap((line) => {
      const at = line.indexOf(":");
      return at <= 0 || line.startsWith("#") ? [] : [[line.slice(0, at), line.slice(at + 1)]];
    }),
  );
}

/** A map reply as RESP2's flat list or RESP3's map. */
export function parseMap(reply: unknown): Record<string, string> {
  if (Array.isArray(reply)) {
    const fields: Record<string, string> = {};
    for (let at = 0; at + 1 < reply.length; at += 2) fields[textOf(reply[at]) ?? ""] = textOf(reply[at + 1]) ?? "";
    return fields;
  }
  const entries: Array<[unknown, unknown]> =
    reply instanceof Map ? [...reply] : typeof reply === "object" && reply !== null ? Object.entries(reply) : [];
  return Object.fromEntries(entries.map(([key, value]) => [textOf(key) ?? "", textOf(value) ?? ""]));
}
