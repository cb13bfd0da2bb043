import { spawn } from "node:child_process";
import { once } from "node:events";
import { openSync, closeSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse, stringify } from "yaml";
import { workspace } from "../../../src/embedded/local-slack.ts";
import type { Stack } from "../../../src/embedded/stack.ts";

export interface OwnWorker {
  running(): boolean;
  stop(): Promise<void>;
}

/** A worker like the stack's, but for where its log goes and where it may write: a file, as a service manager has it. */
export async function startOwnWorker(
  stack: Stack,
  { logFile, env }: { logFile: string; env: NodeJS.ProcessEnv },
): Promise<OwnWorker> {
  const portFile = join(stack.directory, "own-worker.port");
  const configFile = join(stack.directory, "own-worker.yaml");
  // As the stack does for each of its programs.
  const text = readFileSync(join(stack.directory, "aftershock.yaml"), "utf8").replaceAll("THIS_ROLE", "worker");
  const config = parse(text) as Record<string, unknown>;
  writeFileSync(configFile, stringify({ ...config, health: { port: 0, portFile } }));
  const main = fileURLToPath(new URL("../../../src/main.ts", import.meta.url));
  const log = openSync(logFile, "a");
  const args = ["--pdeathsig=KILL", "--", process.execPath, "--import", "tsx", main];
  const child = spawn("setpriv", [...args, "--config", configFile, "--role", "worker"], {
    stdio: ["ignore", log, log],
    env: {
      ...process.env,
      SLACK_BOT_TOKEN: workspace.bot.token,
      SLACK_APP_TOKEN: workspace.bot.appToken,
      DATABASE_URL: stack.postgres.serviceUrl,
      REDIS_URL: stack.redis.url,
      ...env,
    },
  });
  closeSync(log);
  const running = (): boolean => child.exitCode === null && child.signalCode === null;
  const end = performance.now() + 30_000;
  for (;;) {
    const port = existsSync(portFile) ? readFileSync(portFile, "utf8") : "";
    if (port !== "" && (await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => null))?.ok === true) break;
    if (!running() || performance.now() > end) {
      throw new Error(`the worker did not start: ${readFileSync(logFile, "utf8").slice(-1000)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return {
    running,
    stop: async () => {
      if (!running()) return;
      const gone = once(child, "exit");
      child.kill("SIGKILL");
      await gone;
    },
  };
}
