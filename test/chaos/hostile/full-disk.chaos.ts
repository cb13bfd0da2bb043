import { execFileSync } from "node:child_process";
import { appendFileSync, chmodSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import pg from "pg";
import { afterAll, beforeAll, describe, it } from "vitest";
import { quickRun, startRig, type Rig } from "../rig.ts";
import { startOwnWorker, type OwnWorker } from "./own-worker.ts";
import { mountSmallDisk, type SmallDisk } from "./small-disk.ts";

const fullForMs = 6000;
/** Of tmpfs, on the machines that this runs on. */
const pageBytes = 4096;
const pause = (durationMs: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, durationMs));

describe.skipIf(process.getuid?.() !== 0)("full disks and full memory", () => {
  let rig: Rig;
  let folder: string;
  const disks: SmallDisk[] = [];
  /** Beside the stack's folder, which is removed while PostgreSQL's tables are still on a disk. */
  const disk = (name: string, sizeKib: number): SmallDisk => {
    const made = mountSmallDisk(join(folder, name), sizeKib);
    disks.push(made);
    return made;
  };
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "aftershock-small-"));
    // PostgreSQL's own user must be able to pass through.
    chmodSync(folder, 0o711);
    rig = await startRig();
  });
  afterAll(async () => {
    for (const one of disks) one.free();
    await rig?.close();
    for (const one of disks) one.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  it("PostgreSQL's tables", async () => {
    const small = disk("small-tables", 48 * 1024);
    // PostgreSQL wants the folder for its own.
    execFileSync("chown", [`--reference=${join(rig.stack.directory, "postgres")}`, small.path]);
    await moveTables(rig.stack.postgres.url, small.path);
    await rig.play(
      {
        group: "hostile",
        name: "full disk: PostgreSQL's tables, while a fault is active",
        fault: "PostgreSQL's disk full (ENOSPC)",
        mayEnd: ["completed", "failed", "interrupted"],
      },
      async (scene) => {
        const runId = await scene.ask(`${quickRun} duration=4s`);
        await scene.approve(runId);
        await scene.until(runId, ["active"]);
        scene.hurt("active", "healing");
        small.fill();
        await pause(fullForMs);
        small.free();
        scene.mended();
        const log = readFileSync(join(rig.stack.directory, "postgres.log"), "utf8");
        if (!log.includes("No space left on device")) throw new Error("PostgreSQL never ran out of space");
        await scene.until(runId, ["completed", "failed", "interrupted"]);
      },
    );
  });

  it("the worker's log and temporary files", async () => {
    const small = disk("small-logs", 4 * 1024);
    await rig.play(
      {
        group: "hostile",
        name: "full disk: the worker's log and temporary files, during a whole run",
        fault: "the worker's disk full (ENOSPC)",
        mayEnd: ["completed"],
      },
      async (scene) => {
        const runId = await scene.ask(quickRun);
        await scene.roles.kill("worker");
        const logFile = join(small.path, "worker.log");
        let worker: OwnWorker | undefined;
        try {
          worker = await startOwnWorker(rig.stack, { logFile, env: { TMPDIR: small.path } });
          scene.hurt("preflight", "baseline", "injecting", "active", "healing", "verifying", "judging");
          // The file's last page would still have room.
          appendFileSync(logFile, "\n".repeat(pageBytes - (statSync(logFile).size % pageBytes)));
          small.fill();
          const before = readFileSync(logFile, "utf8");
          await scene.approve(runId);
          await scene.until(runId, ["completed"]);
          if (!worker.running()) throw new Error("the worker ended");
          if (readFileSync(logFile, "utf8") !== before) throw new Error("the disk was not full: the log went on");
          small.free();
          scene.mended();
          const next = await scene.ask(quickRun);
          await scene.approve(next);
          await scene.until(next, ["completed"]);
          if (readFileSync(logFile, "utf8") === before) throw new Error("the log did not go on when there was space");
        } finally {
          await worker?.stop();
          await scene.roles.restart("worker");
        }
      },
    );
  });

  it("Redis at its maxmemory", () =>
    rig.play(
      {
        group: "hostile",
        name: "full memory: Redis at its maxmemory, from before the approval into the fault",
        fault: "Redis takes no writes (maxmemory, AOF on a full disk)",
        mayEnd: ["completed"],
      },
      (scene) =>
        withRedis(rig.stack.redis.url, async (redis) => {
          const runId = await scene.ask(quickRun);
          scene.hurt("requested", "approved");
          await redis.config("SET", "maxmemory", "1");
          await scene.approve(runId);
          await pause(3000);
          await redis.config("SET", "maxmemory", "0");
          scene.mended();
          await scene.until(runId, ["baseline", "injecting", "active"]);
          scene.hurt("baseline", "active", "healing", "judging");
          await redis.config("SET", "maxmemory", "1");
          await scene.until(runId, ["completed"]);
          await redis.config("SET", "maxmemory", "0");
          scene.mended();
        }),
    ));

  it("Redis's append-only file", async () => {
    // Its working directory as a whole: it makes its files beside where they belong, and moves them.
    await rig.stack.redis.crash();
    const small = mountSmallDisk(join(rig.stack.directory, "redis"), 2 * 1024);
    await rig.stack.redis.again("lost");
    await rig.play(
      {
        group: "hostile",
        name: "full disk: Redis's append-only file, from before the approval into the fault",
        fault: "Redis takes no writes (maxmemory, AOF on a full disk)",
        mayEnd: ["completed"],
      },
      (scene) =>
        withRedis(rig.stack.redis.url, async (redis) => {
          await redis.config("SET", "appendonly", "yes");
          await untilWritten(redis);
          const runId = await scene.ask(quickRun);
          scene.hurt("requested", "approved");
          small.fill();
          await untilRefused(redis);
          await scene.approve(runId);
          await pause(3000);
          small.free();
          scene.mended();
          await scene.until(runId, ["completed"]);
          await redis.config("SET", "appendonly", "no");
        }).finally(() => {
          small.free();
          small.remove();
        }),
    );
  });
});

/** Moves the service's tables and indexes to the small disk; the log of writes (WAL) stays where it is. */
async function moveTables(url: string, path: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(`create tablespace small location '${path}'`);
    await client.query("alter table all in tablespace pg_default set tablespace small");
    await client.query("alter index all in tablespace pg_default set tablespace small");
  } finally {
    await client.end();
  }
}

async function withRedis(url: string, work: (redis: Redis) => Promise<void>): Promise<void> {
  const redis = new Redis(url, { maxRetriesPerRequest: 1 });
  redis.on("error", () => undefined);
  try {
    await work(redis);
  } finally {
    await redis.config("SET", "maxmemory", "0").catch(() => undefined);
    redis.disconnect();
  }
}

/** Waits until the file is there: before that, what cannot be written is not refused. */
async function untilWritten(redis: Redis): Promise<void> {
  const end = performance.now() + 15_000;
  while (!/aof_rewrite_in_progress:0\s+aof_rewrite_scheduled:0/.test(await redis.info("persistence"))) {
    if (performance.now() > end) throw new Error("Redis did not begin its append-only file");
    await pause(100);
  }
}

/** Writes until Redis has noticed that its file cannot be written (MISCONF). */
async function untilRefused(redis: Redis): Promise<void> {
  const end = performance.now() + 15_000;
  for (;;) {
    try {
      await redis.set("chaos:filler", "x".repeat(100_000), "EX", 60);
    } catch (error) {
      if (String(error).includes("MISCONF")) return;
      throw error;
    }
    if (performance.now() > end) throw new Error("Redis takes writes on a full disk");
    await pause(50);
  }
}
