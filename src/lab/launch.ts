import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { KafkaRoles } from "./systems/kafka.ts";
import type { PatroniDcs } from "./systems/patroni-dcs.ts";
import type { RabbitNames } from "./systems/rabbitmq.ts";

export interface LaunchedLab {
  kubeconfigPath: string;
  /** The launcher's process id; its end is the lab's end. */
  pid: number;
  /** Stops it and waits until everything is gone. */
  stop(): Promise<void>;
}

export interface LaunchOptions {
  downAfterMs?: number;
  /** Where Patroni keeps its lock (default: clean, in etcd). */
  patroniDcs?: PatroniDcs;
  /** What RabbitMQ's nodes are called (default: short). */
  rabbitmqNames?: RabbitNames;
  /** Whether Kafka's brokers are its controllers too (default: combined). */
  kafkaRoles?: KafkaRoles;
  /** When a system that nobody uses stops (default: as `npm run lab`, ten minutes). */
  idleAfterMs?: number;
  /** How long the lab's storage takes to move a volume to another node. */
  volumes?: { attachMs: number; detachMs: number };
  deadlineMs?: number;
  /** Where its one file goes (default: the temp directory); give a folder that is swept when its owner was killed. */
  directory?: string;
}

/**
 * Starts the lab as a process of its own, which ends with this one whatever ends it, and waits until its systems are
 * ready. Rejects with what it printed.
 */
export async function launchLab(options: LaunchOptions = {}): Promise<LaunchedLab> {
  const directory = mkdtempSync(join(options.directory ?? tmpdir(), "aftershock-launch-"));
  const readyFile = join(directory, "ready");
  const main = fileURLToPath(new URL(`./main${extname(import.meta.url)}`, import.meta.url));
  // The kernel ends the launcher when this process dies, and the launcher's end is the lab's (see main.ts).
  const setpriv = ["/usr/bin/setpriv", "/bin/setpriv"].find((file) => existsSync(file));
  const child = spawn(
    setpriv ?? process.execPath,
    [
      ...(setpriv === undefined ? [] : ["--pdeathsig=KILL", "--", process.execPath]),
      ...(extname(main) === ".ts" ? ["--import", "tsx"] : []),
      main,
      "--quiet",
      "--ready-file",
      readyFile,
      ...(options.volumes === undefined
        ? []
        : ["--attach-ms", String(options.volumes.attachMs), "--detach-ms", String(options.volumes.detachMs)]),
      ...(options.downAfterMs === undefined ? [] : ["--down-after", String(options.downAfterMs)]),
      ...(options.patroniDcs === undefined ? [] : ["--patroni-dcs", options.patroniDcs]),
      ...(options.rabbitmqNames === undefined ? [] : ["--rabbitmq-names", options.rabbitmqNames]),
      ...(options.kafkaRoles === undefined ? [] : ["--kafka-roles", options.kafkaRoles]),
      ...(options.idleAfterMs === undefined ? [] : ["--idle-after", String(options.idleAfterMs / 1000)]),
    ],
    // Its own process group: Ctrl-C at a terminal reaches only the program that started the lab, which then stops it.
    { stdio: ["ignore", "pipe", "pipe"], detached: true },
  );
  let printed = "";
  child.stdout.on("data", (chunk: Buffer) => (printed += chunk.toString("utf8")));
  child.stderr.on("data", (chunk: Buffer) => (printed += chunk.toString("utf8")));
  const exited = once(child, "exit");
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGTERM");
      const late = setTimeout(() => child.kill("SIGKILL"), 15_000);
      await exited;
      clearTimeout(late);
    }
    rmSync(directory, { recursive: true, force: true });
  };
  const end = performance.now() + (options.deadlineMs ?? 60_000);
  while (!existsSync(readyFile)) {
    if (child.exitCode !== null || child.signalCode !== null || performance.now() > end) {
      await stop();
      throw new Error(`the lab did not start: ${printed.trim()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { kubeconfigPath: readFileSync(readyFile, "utf8"), pid: child.pid ?? 0, stop };
}
