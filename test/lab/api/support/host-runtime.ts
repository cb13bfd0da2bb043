import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { connect, type Socket } from "node:net";
import { constants } from "node:os";
import { PassThrough } from "node:stream";
import { StoreError } from "../../../../src/lab/objects.ts";
import type { ExecProcess, ExecRequest, LogRequest, PodRuntime } from "../../../../src/lab/objects.ts";

/**
 * A test double of the lab's runtime: it runs a pod's commands on the host itself, in no namespace of their own.
 * A tty is a pseudo-terminal made by script(1), except that a resize is only noted.
 */
export interface HostRuntime extends PodRuntime {
  /** What the API server asked for. */
  readonly requests: ExecRequest[];
  readonly resizes: Array<[columns: number, rows: number]>;
  readonly running: Set<ChildProcess>;
  /** Pods whose container "does not run". */
  readonly stopped: Set<string>;
  /** Log lines by pod; a follower gets what is pushed later. */
  readonly lines: Map<string, PassThrough>;
  close(): void;
}

export function createHostRuntime(): HostRuntime {
  const requests: ExecRequest[] = [];
  const resizes: Array<[number, number]> = [];
  const running = new Set<ChildProcess>();
  const stopped = new Set<string>();
  const lines = new Map<string, PassThrough>();

  async function exec(request: ExecRequest): Promise<ExecProcess> {
    requests.push(request);
    if (stopped.has(request.pod)) throw new StoreError("Invalid", "not running");
    const [program = "", ...args] = request.tty ? asTerminal(request.command) : request.command;
    const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"], detached: true });
    running.add(child);
    const exited = new Promise<number>((resolve) => {
      child.once("error", () => resolve(127));
      child.once("close", (code, signal) => {
        running.delete(child);
        resolve(code ?? 128 + constants.signals[signal ?? "SIGKILL"]);
      });
    });
    if (!request.stdin) child.stdin.end();
    return {
      stdin: request.stdin ? child.stdin : null,
      stdout: child.stdout,
      stderr: request.tty ? null : child.stderr,
      exited,
      resize: (columns, rows) => void resizes.push([columns, rows]),
      kill: () => killGroup(child),
    };
  }

  async function* logs({ pod, follow, tailLines, signal }: LogRequest): AsyncIterable<Buffer> {
    const stream = lines.get(pod) ?? new PassThrough();
    const present = ((stream.read() as Buffer | null) ?? Buffer.alloc(0)).toString("utf8").split("\n").filter(Boolean);
    const shown = tailLines === undefined ? present : present.slice(present.length - tailLines);
    for (const line of shown) yield Buffer.from(`${line}\n`);
    if (!follow) return;
    const stop = () => stream.end();
    signal.addEventListener("abort", stop, { once: true });
    for await (const chunk of stream) yield chunk as Buffer;
  }

  return {
    requests,
    resizes,
    running,
    stopped,
    lines,
    exec,
    // The host stands for every pod.
    dial: ({ port }) => dialHost(port),
    logs,
    close: () => running.forEach(killGroup),
  };
}

/** Rejects in Go's words, as the lab's runtime does. */
function dialHost(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port, allowHalfOpen: true });
    socket.once("error", () => reject(new Error(`dial tcp4 127.0.0.1:${port}: connect: connection refused`)));
    socket.once("connect", () => {
      socket.removeAllListeners();
      resolve(socket);
    });
  });
}

function asTerminal(command: readonly string[]): string[] {
  const quoted = command.map((part) => `'${part.replaceAll("'", `'\\''`)}'`).join(" ");
  return ["script", "-qec", quoted, "/dev/null"];
}

function killGroup(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  } catch {
    // Gone already.
  }
}
