import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, existsSync, readFileSync } from "node:fs";

export interface Child {
  pid: number;
  /** True while it runs. */
  running(): boolean;
  /** Asks it to end, and kills it when it has not after `graceMs`. */
  stop(graceMs?: number): Promise<void>;
  kill(signal: NodeJS.Signals): void;
  /** Resolves when it has ended and all that it printed is in its log. */
  logged(): Promise<void>;
}

export interface ChildOptions {
  name: string;
  command: readonly string[];
  /** Everything it prints goes here. */
  logFile: string;
  env?: NodeJS.ProcessEnv;
  uid?: number;
  gid?: number;
  /** What asks it to end in order; default SIGTERM. */
  stopSignal?: NodeJS.Signals;
  /** What the kernel sends it when this process dies; default SIGKILL. */
  deathSignal?: NodeJS.Signals;
}

const defaultGraceMs = 5000;

/**
 * Starts a process that ends with this one, whatever ends it: setpriv (util-linux) asks the kernel to send it a
 * signal when the parent dies. Its own process group, so that Ctrl-C at the terminal reaches only the program that started
 * it, which then stops things in order.
 */
export function startChild(options: ChildOptions): Child {
  const setpriv = ["/usr/bin/setpriv", "/bin/setpriv"].find((file) => existsSync(file));
  const identity =
    options.uid === undefined
      ? []
      : [`--reuid=${options.uid}`, `--regid=${options.gid ?? options.uid}`, "--clear-groups"];
  const deathSignal = `--pdeathsig=${(options.deathSignal ?? "SIGKILL").replace("SIG", "")}`;
  const wrapped =
    setpriv === undefined ? [...options.command] : [setpriv, ...identity, deathSignal, "--", ...options.command];
  const [program = "", ...args] = wrapped;
  const child: ChildProcess = spawn(program, args, {
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: options.env ?? process.env,
    ...(setpriv === undefined && options.uid !== undefined
      ? { uid: options.uid, gid: options.gid ?? options.uid }
      : {}),
  });
  const log = createWriteStream(options.logFile, { flags: "a" });
  // Last words that come when it was ended already (pipes outlive their process) are nobody's trouble.
  log.on("error", () => undefined);
  child.stdout?.pipe(log, { end: false });
  child.stderr?.pipe(log, { end: false });
  child.on("error", (error) => log.write(`${error.message}\n`));
  const exited = once(child, "exit").catch(() => undefined);
  // Now, and never later: with nobody left in it the group's number is free, and soon belongs to somebody else.
  child.once("exit", () => child.pid !== undefined && killGroup(child.pid));
  const running = (): boolean => child.pid !== undefined && child.exitCode === null && child.signalCode === null;
  const printed = once(child, "close")
    .then(() => (log.writableEnded ? undefined : new Promise<void>((resolve) => log.write("", () => resolve()))))
    .catch(() => undefined);
  return {
    pid: child.pid ?? 0,
    logged: () => printed,
    running,
    kill: (signal) => void child.kill(signal),
    stop: async (graceMs = defaultGraceMs) => {
      if (running()) {
        child.kill(options.stopSignal ?? "SIGTERM");
        const late = setTimeout(() => child.kill("SIGKILL"), graceMs);
        await exited;
        clearTimeout(late);
      }
      log.end();
    },
  };
}

/** What a process started and left behind; the group's number is its own process id. */
function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // Nobody is left in it.
  }
}

/** Waits for a condition while a child runs; rejects with the end of its log when it ends or time runs out. */
export async function untilReady(
  child: Child,
  options: { name: string; logFile: string; deadlineMs: number; ready: () => Promise<boolean> },
): Promise<void> {
  const end = performance.now() + options.deadlineMs;
  for (;;) {
    if (await options.ready().catch(() => false)) return;
    if (!child.running() || performance.now() > end) {
      if (!child.running()) await child.logged();
      const why = child.running() ? `was not ready after ${options.deadlineMs / 1000} s` : "ended at once";
      const tail = existsSync(options.logFile)
        ? readFileSync(options.logFile, "utf8").trim().split("\n").slice(-8).join("\n")
        : "";
      throw new Error(`${options.name} ${why}:\n${tail}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
