import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../src/embedded/free-port.ts";
import { startClock } from "../src/probes/recorder.ts";
import { bareConnection } from "../src/probes/redis-sentinel/connection.ts";
import { startSchedule } from "../src/probes/schedule.ts";

/**
 * Whether the open loop keeps 2 × 2,000 writes a second in one process, beside what redis-benchmark gets out of the
 * same server in the same run. Run: npx tsx bench/probe-rate.ts
 */
const seconds = 5;
const ratePerSecond = 2000;

const directory = mkdtempSync(join(tmpdir(), "aftershock-test-"));
const port = await freePort();
const server = spawn(
  "redis-server",
  ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--dir", directory],
  { stdio: "ignore" },
);
const exited = once(server, "exit");
try {
  const connections = [0, 1].map(() => bareConnection({ host: "127.0.0.1", port, timeoutMs: 1000 }));
  for (const connection of connections) {
    for (let tries = 0; tries < 50 && connection.status !== "ready"; tries += 1) {
      await connection.connect().catch(() => new Promise((resolve) => setTimeout(resolve, 50)));
    }
  }
  const now = startClock();
  const loop = monitorEventLoopDelay({ resolution: 1 });
  loop.enable();
  let acknowledged = 0;
  const schedules = connections.map((connection, at) =>
    startSchedule({
      client: `writer-${at}`,
      ratePerSecond,
      now,
      maxInFlight: ratePerSecond,
      send: async (index) => {
        await connection.rpush(`bench:${at}`, String(index));
        acknowledged += 1;
      },
      skip: () => undefined,
    }),
  );
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const reports = await Promise.all(schedules.map((schedule) => schedule.stop()));
  loop.disable();
  for (const connection of connections) connection.disconnect();
  const peer = spawnSync("redis-benchmark", ["-p", String(port), "-n", "50000", "-c", "2", "-q", "-t", "rpush"], {
    encoding: "utf8",
  });
  for (const report of reports) {
    console.log(
      `${report.client}: planned ${report.planned}, sent ${report.sent}, not sent ${report.notSent}, late p99 ${report.lateP99Ms.toFixed(2)} ms, max ${report.lateMaxMs.toFixed(2)} ms`,
    );
  }
  console.log(
    `acknowledged ${acknowledged} in ${seconds} s; event-loop delay p99 ${(loop.percentile(99) / 1e6).toFixed(2)} ms`,
  );
  console.log(`redis-benchmark, same server, 2 connections: ${peer.stdout.split("\r").at(-1)?.trim()}`);
} finally {
  server.kill();
  await exited;
  rmSync(directory, { recursive: true, force: true });
}
