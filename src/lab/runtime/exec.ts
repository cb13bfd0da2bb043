import { spawn } from "node:child_process";
import { once } from "node:events";
import { Readable } from "node:stream";
import { constants } from "node:os";
import type { ExecProcess, ExecRequest } from "../objects.ts";
import { firstChild } from "./container.ts";
import type { Sandbox } from "./sandbox.ts";

/** Runs a command in a pod's namespaces, as `kubectl exec` does. A terminal comes from util-linux's script(1). */
export function execInSandbox(sandbox: Sandbox, request: ExecRequest, env: Record<string, string>): ExecProcess {
  const command = request.tty
    ? ["script", "--quiet", "--flush", "--return", "--command", request.command.map(quote).join(" "), "/dev/null"]
    : request.command;
  const [program = "false", ...args] = sandbox.enter(command);
  const child = spawn(program, args, {
    env: request.tty ? { ...env, TERM: "xterm", SHELL: "/bin/sh" } : env,
    stdio: [request.stdin ? "pipe" : "ignore", "pipe", "pipe"],
  });
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

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

function signalNumber(signal: unknown): number {
  return typeof signal === "string" ? ((constants.signals as Record<string, number>)[signal] ?? 0) : 0;
}
