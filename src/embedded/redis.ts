import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Redis } from "ioredis";
import { startChild, untilReady } from "./child.ts";
import { onFreePort } from "./free-port.ts";

export interface EmbeddedRedis {
  url: string;
  stop(): Promise<void>;
}

/** The queue's own Redis on loopback. It evicts nothing (BullMQ needs that) and keeps nothing. */
export function startRedis(directory: string): Promise<EmbeddedRedis> {
  return onFreePort((port) => startOn(port, directory));
}

async function startOn(port: number, directory: string): Promise<EmbeddedRedis> {
  const data = join(directory, "redis");
  const logFile = join(directory, "redis.log");
  mkdirSync(data, { recursive: true });
  // In a file of its own: a command line is everybody's to read.
  const password = randomBytes(18).toString("base64url");
  const secrets = join(directory, "redis-password.conf");
  writeFileSync(secrets, `requirepass ${password}\n`, { mode: 0o600 });
  const server = startChild({
    name: "redis",
    command: [
      "redis-server",
      secrets,
      "--port",
      String(port),
      "--bind",
      "127.0.0.1",
      "--dir",
      data,
      "--save",
      "",
      "--appendonly",
      "no",
      "--maxmemory-policy",
      "noeviction",
    ],
    logFile,
  });
  await untilReady(server, { name: "Redis", logFile, deadlineMs: 10_000, ready: () => answers(port, password) });
  return { url: `redis://:${password}@127.0.0.1:${port}`, stop: () => server.stop() };
}

async function answers(port: number, password: string): Promise<boolean> {
  const client = new Redis({
    host: "127.0.0.1",
    port,
    password,
    lazyConnect: true,
    retryStrategy: () => null,
    connectTimeout: 500,
  });
  client.on("error", () => undefined);
  try {
    await client.connect();
    return (await client.ping()) === "PONG";
  } finally {
    client.disconnect();
  }
}
