import { spawn, type ChildProcess } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { constants } from "node:os";
import { createLogBuffer, type LogBuffer } from "./log-buffer.ts";
import type { ContainerSpec } from "./pod-spec.ts";
import { firstChild } from "./processes.ts";
import type { Sandbox } from "./sandbox.ts";

/** Restart delays of the lab; Kubernetes' own are 10 s, doubling up to 5 minutes, which nobody waits for here. */
const backOffMs = [0, 1000, 2000, 4000, 8000];
/** A process that ran this long starts anew without delay; Kubernetes: 10 minutes. */
const forgivenAfterMs = 10_000;
/** Highest of the standard signals (signal(7)): SIGSYS. */
const lastSignal = 31;

export interface ContainerState {
  name: string;
  containerId: string;
  running: boolean;
  startedAt: string;
  restartCount: number;
  lastExit: { exitCode: number; signal: number; startedAt: string; finishedAt: string; containerId: string } | null;
}

/** One process of a pod, kept running until it is stopped. */
export interface Container {
  state(): ContainerState;
  logs: LogBuffer;
  env: Record<string, string>;
  signal(name: NodeJS.Signals): void;
  /** Process id of its first process, as the lab sees it; undefined while it is down. */
  pid(): number | undefined;
  /** Keeps it down: no process and no restart, until `release`. */
  hold(): void;
  release(): void;
  /** No restart any more; the sandbox's end kills it. */
  retire(): void;
}

/** Images do not exist here; what Kubernetes would take from one must be in the pod. */
const noCommand = "the lab runs programs of this machine and has no images: give the container a command";

/** Starts a container in a sandbox; `onChange` is called at every start and end. */
export function startContainer(
  sandbox: Sandbox,
  spec: ContainerSpec,
  onChange: (event: "started" | "exited") => void,
): Container {
  const logs = createLogBuffer();
  const env = {
    PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    HOME: "/root",
    LANG: "C.UTF-8",
    ...spec.env,
  };
  let child: ChildProcess | null = null;
  let wanted = true;
  let held = false;
  let timer: NodeJS.Timeout | undefined;
  let startedAtMs = 0;
  let failures = 0;
  const state: ContainerState = {
    name: spec.name,
    containerId: "",
    running: false,
    startedAt: "",
    restartCount: 0,
    lastExit: null,
  };

  const start = (): void => {
    const command = spec.command.length > 0 ? spec.command : ["sh", "-c", `echo '${noCommand}' >&2; exit 128`];
    const [program = "false", ...args] = sandbox.enter(command);
    startedAtMs = performance.now();
    const started = spawn(program, args, { env, stdio: ["ignore", "pipe", "pipe"] });
    child = started;
    state.containerId = newContainerId();
    state.running = true;
    state.startedAt = new Date().toISOString();
    started.stdout.on("data", logs.write);
    started.stderr.on("data", logs.write);
    started.on("error", (error) => logs.write(Buffer.from(`${error.message}\n`)));
    started.on("exit", (code, signal) => ended(code, signal));
    onChange("started");
  };
  const ended = (code: number | null, signal: NodeJS.Signals | null): void => {
    // What waits for the process tells its signal as a shell does; a signal of its own is that of the sandbox's end.
    const exitCode = code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
    child = null;
    state.running = false;
    state.lastExit = {
      exitCode,
      signal: exitCode > 128 && exitCode <= 128 + lastSignal ? exitCode - 128 : 0,
      startedAt: state.startedAt,
      finishedAt: new Date().toISOString(),
      containerId: state.containerId,
    };
    if (wanted && !held) again();
    onChange("exited");
  };
  const again = (): void => {
    if (performance.now() - startedAtMs >= forgivenAfterMs) failures = 0;
    const delayMs = backOffMs[Math.min(failures, backOffMs.length - 1)] ?? 0;
    failures += 1;
    state.restartCount += 1;
    timer = setTimeout(start, delayMs);
  };
  const signal = (name: NodeJS.Signals): void => {
    const pid = child?.pid === undefined ? undefined : firstChild(child.pid);
    if (pid !== undefined) process.kill(pid, name);
    else child?.kill(name);
  };
  start();
  return {
    state: () => ({ ...state }),
    logs,
    env,
    signal,
    pid: () => (child?.pid === undefined ? undefined : firstChild(child.pid)),
    hold: () => {
      held = true;
      clearTimeout(timer);
      signal("SIGKILL");
    },
    release: () => {
      held = false;
      if (wanted && child === null) again();
    },
    retire: () => {
      wanted = false;
      clearTimeout(timer);
    },
  };
}

function newContainerId(): string {
  return `lab://${createHash("sha256").update(randomBytes(32)).digest("hex")}`;
}
