import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { Readable, type Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { constants } from "node:os";
import type { ExecProcess, ExecRequest } from "../objects.ts";
import { firstChild } from "./processes.ts";
import type { Sandbox } from "./sandbox.ts";

/** Called with the process id of what is about to be run, before it begins. */
export type BeforeExec = (pid: number) => Promise<void>;

/** Descriptor on which a command waits for the word to begin; `sandbox.enter` uses 3. */
const gateDescriptor = 4;
const gate = `read -r go <&${gateDescriptor}; exec "$@" ${gateDescriptor}<&-`;
const findDeadlineMs = 2000;

/**
 * Runs a command in a pod's namespaces, as `kubectl exec` does. A terminal comes from util-linux's script(1). With
 * `before`, the command waits until that has resolved; if it rejects, the command runs all the same.
 */
export function execInSandbox(
  sandbox: Sandbox,
  request: ExecRequest,
  env: Record<string, string>,
  before?: BeforeExec,
): ExecProcess {
  const plain = request.tty
    ? ["script", "--quiet", "--flush", "--return", "--command", request.command.map(quote).join(" "), "/dev/null"]
    : request.command;
  const command = before === undefined ? plain : ["/bin/sh", "-c", gate, "sh", ...plain];
  const [program = "false", ...args] = sandbox.enter(command);
  const child = spawn(program, args, {
    env: request.tty ? { ...env, TERM: "xterm", SHELL: "/bin/sh" } : env,
    stdio: [request.stdin ? "pipe" : "ignore", "pipe", "pipe", "ignore", before === undefined ? "ignore" : "pipe"],
  });
  if (before !== undefined) void openGate(child, before);
  child.stdin?.on("error", () => undefined);
  const exited = once(child, "close").then(([code, signal]: unknown[]) =>
    typeof code === "number" ? code : 128 + signalNumber(signal),
  );
  return {
    stdin: child.stdin,
    stdout: child.stdout ?? Readable.from([]),
    stderr: request.tty ? null : child.stderr,
    exited,
    // script(1) takes its window size from a terminal that it does not have here.
    resize: () => undefined,
    kill: () => {
      const pid = child.pid === undefined ? undefined : firstChild(child.pid);
      // What waits for it must stay to reap it, and ends by itself.
      if (pid !== undefined) process.kill(pid, "SIGKILL");
      else child.kill("SIGKILL");
    },
  };
}

async function openGate(child: ChildProcess, before: BeforeExec): Promise<void> {
  const word = child.stdio[gateDescriptor] as Writable;
  word.on("error", () => undefined);
  const end = performance.now() + findDeadlineMs;
  let pid: number | undefined;
  while (pid === undefined && performance.now() < end && child.exitCode === null) {
    pid = child.pid === undefined ? undefined : firstChild(child.pid);
    if (pid === undefined) await sleep(2);
  }
  if (pid !== undefined) await before(pid).catch(() => undefined);
  word.end("go\n");
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

function signalNumber(signal: unknown): number {
  return typeof signal === "string" ? ((constants.signals as Record<string, number>)[signal] ?? 0) : 0;
}
