import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../../src/embedded/free-port.ts";

/** One real broker of its own quorum on this machine's loopback, without a lab. */
export interface TestBroker {
  port: number;
  start(): void;
  /** Resolves when it was sent; of SIGSTOP, when every thread has stopped. */
  signal(name: NodeJS.Signals): Promise<void>;
  stop(): Promise<void>;
}

/** `properties` come last and so go before those of the rig; `format` are arguments of kafka-storage.sh. */
export interface BrokerOptions {
  properties: string;
  format: readonly string[];
}

export async function makeBroker(
  kafkaFolder: string,
  options: BrokerOptions = { properties: "", format: [] },
): Promise<TestBroker> {
  const directory = mkdtempSync(join(tmpdir(), "aftershock-test-kafka-"));
  const port = await freePort();
  const controllerPort = await freePort();
  const file = join(directory, "server.properties");
  mkdirSync(join(directory, "log"));
  writeFileSync(
    file,
    `process.roles=broker,controller
node.id=0
controller.quorum.voters=0@127.0.0.1:${controllerPort}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=${join(directory, "log")}
message.max.bytes=2000
log.cleaner.dedupe.buffer.size=16777216
${options.properties}`,
  );
  const clusterId = Buffer.from("aftershock-test-").toString("base64url");
  const program = join(kafkaFolder, "bin", "kafka-storage.sh");
  const format = spawnSync(program, ["format", "-t", clusterId, "-c", file, ...options.format], { encoding: "utf8" });
  if (format.status !== 0) throw new Error(`kafka-storage.sh format: ${format.stderr}`);
  let child: ChildProcess | undefined;
  return {
    port,
    start: () => {
      const options = ["-Xmx192m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"];
      child = spawn("java", [...options, "-cp", `${kafkaFolder}/libs/*`, "kafka.Kafka", file], { stdio: "ignore" });
    },
    signal: async (name) => {
      child?.kill(name);
      if (name !== "SIGSTOP" || child?.pid === undefined) return;
      // It stops a moment later, thread by thread, and could still answer in that moment.
      while (!hasStopped(child.pid)) await sleep(5);
    },
    stop: async () => {
      if (child !== undefined && child.exitCode === null && child.signalCode === null) {
        const gone = once(child, "exit");
        child.kill("SIGKILL");
        await gone;
      }
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function hasStopped(pid: number): boolean {
  const tasks = readdirSync(`/proc/${pid}/task`);
  return tasks.every((task) => /^State:\s+T/m.test(readFileSync(`/proc/${pid}/task/${task}/status`, "utf8")));
}
