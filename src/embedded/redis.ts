import { randomBytes } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Redis } from "ioredis";
import { startChild, untilReady, type Child, type ChildOptions } from "./child.ts";
import { onFreePort } from "./free-port.ts";

export interface EmbeddedRedis {
  url: string;
  /** Ends it at once. What it was told to save (SAVE) stays. */
  crash(): Promise<void>;
  /** Starts it again after `crash`, with what it saved or with nothing. */
  again(data: "kept" | "lost"): Promise<void>;
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
  const options: ChildOptions = {
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
  };
  const begin = async (): Promise<Child> => {
    const child = startChild(options);
    await untilReady(child, { name: "Redis", logFile, deadlineMs: 10_000, ready: () => answers(port, password) });
    return child;
  };
  let server = await begin();
  return {
    url: `redis://:${password}@127.0.0.1:${port}`,
    crash: async () => {
      server.kill("SIGKILL");
      await server.stop();
    },
    again: async (kept) => {
      if (kept === "lost") rmSync(join(data, "dump.rdb"), { force: true });
      server = await begin();
    },
    stop: () => server.stop(),
  };
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
