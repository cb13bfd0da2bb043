import { Redis } from "ioredis";
import { textOf } from "../figure.ts";

export interface ConnectionOptions {
  host: string;
  port: number;
  /** Of the connection attempt and of every command. */
  timeoutMs: number;
}

/**
 * A bare connection for measuring: no retries, no queue, no waiting for readiness. Whatever happens to a command is
 * told at once, and reconnecting is the caller's business (anchors/libraries.md 4.9).
 */
export function bareConnection(options: ConnectionOptions): Redis {
  const redis = new Redis({
    host: options.host,
    port: options.port,
    lazyConnect: true,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    enableReadyCheck: false,
    connectTimeout: options.timeoutMs,
    commandTimeout: options.timeoutMs,
    disconnectTimeout: 100,
    noDelay: true,
  });
  // Without a listener a lost connection would end the process; commands report it themselves.
  redis.on("error", () => undefined);
  return redis;
}

/** Connects, works, and disconnects. Rejects with what went wrong. */
export async function withConnection<T>(options: ConnectionOptions, work: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = bareConnection(options);
  try {
    await redis.connect();
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
