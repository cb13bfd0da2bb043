import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../../src/embedded/free-port.ts";
import { waitFor } from "./stack.ts";

const programs = "/usr/lib/rabbitmq/bin";

/** One real RabbitMQ node on this machine's loopback, `rabbit@localhost`, without a lab. */
export interface TestNode {
  /** Runs one of RabbitMQ's commands against it. */
  run(command: readonly string[], timeoutMs: number): Promise<{ exitCode: number; stdout: string; stderr: string }>;
  stop(): Promise<void>;
}

/** `configuration` as in rabbitmq.conf. Files go to `folder`. Resolves when the node serves. */
export async function startNode(folder: string, configuration: string, plugins: readonly string[]): Promise<TestNode> {
  const file = (name: string): string => join(folder, name);
  writeFileSync(file("rabbitmq.conf"), configuration);
  writeFileSync(file("enabled_plugins"), `[${plugins.join(",")}].`);
  writeFileSync(file(".erlang.cookie"), "aftershock-test", { mode: 0o400 });
  const epmdPort = await freePort();
  const env = {
    ...process.env,
    HOME: folder,
    // Left in the working directory otherwise, by a command that is stopped.
    ERL_CRASH_DUMP: file("crash"),
    ERL_EPMD_PORT: String(epmdPort),
    ERL_EPMD_ADDRESS: "127.0.0.1",
    RABBITMQ_NODENAME: "rabbit@localhost",
    RABBITMQ_DIST_PORT: String(await freePort()),
    RABBITMQ_CONFIG_FILE: file("rabbitmq.conf"),
    RABBITMQ_ENABLED_PLUGINS_FILE: file("enabled_plugins"),
    RABBITMQ_MNESIA_BASE: file("mnesia"),
    RABBITMQ_LOG_BASE: folder,
    RABBITMQ_LOGS: "-",
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: "+S 1:1 +SDio 4 +A 4",
  };
  // The node would start one that outlives it.
  const children = [spawn("epmd", ["-port", String(epmdPort)], { env, stdio: "ignore" })];
  const run: TestNode["run"] = ([program = "", ...args], timeoutMs) =>
    new Promise((resolve) => {
      execFile(join(programs, program), args, { env, timeout: timeoutMs }, (error, stdout, stderr) =>
        resolve({ exitCode: error === null ? 0 : 1, stdout, stderr }),
      );
    });
  children.push(spawn(join(programs, "rabbitmq-server"), [], { env, stdio: "ignore", detached: true }));
  const stop = async (): Promise<void> => {
    // The server's script has the Erlang machine for a child.
    await Promise.all(children.toReversed().map(end));
  };
  try {
    await waitFor(
      () => run(["rabbitmqctl", "await_startup", "--timeout", "60"], 60_000),
      ({ exitCode }) => exitCode === 0,
      90_000,
    );
  } catch (error) {
    await stop();
    throw error;
  }
  return { run, stop };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const gone = once(child, "exit");
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    child.kill("SIGKILL");
  }
  await gone;
}
