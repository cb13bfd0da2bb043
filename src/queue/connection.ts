import type { ConnectionOptions } from "bullmq";

/** A Redis that takes commands and does not answer must not hold a command, nor the reconciler, for longer. */
const answerWithinMs = 5000;

/** How BullMQ connects: a worker waits for Redis for ever (BullMQ demands null); a command must not hang on it. */
export function connection(redisUrl: string, whenDown: "fail-fast" | "wait"): ConnectionOptions {
  const url = new URL(redisUrl);
  return {
    host: url.hostname,
    port: Number(url.port === "" ? 6379 : url.port),
    db: Number(url.pathname.slice(1) || 0),
    ...(url.username === "" ? {} : { username: decodeURIComponent(url.username) }),
    ...(url.password === "" ? {} : { password: decodeURIComponent(url.password) }),
    ...(url.protocol === "rediss:" ? { tls: {} } : {}),
    ...(whenDown === "wait"
      ? { maxRetriesPerRequest: null }
      : { maxRetriesPerRequest: 1, enableOfflineQueue: false, commandTimeout: answerWithinMs }),
  };
}
