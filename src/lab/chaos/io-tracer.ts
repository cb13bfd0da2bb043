import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { IoFault } from "./io-fault.ts";

/** Chaos Mesh's injector has as long to start. */
const answerDeadlineMs = 2000;
/** A tracer that has not let go by then is killed; the kernel lets go then. */
const stopDeadlineMs = 5000;

/** A running io-tracer.py. Its methods reject when it does not answer in time, has ended, or cannot attach. */
export interface IoTracer {
  begin(root: string, volumePath: string): Promise<void>;
  setFaults(faults: readonly IoFault[]): Promise<void>;
  /** Process ids as the lab sees them; with all their threads, and what they start from then on. */
  attach(pids: readonly number[]): Promise<void>;
  /** Lets go of everything; resolves when it has. Never rejects. */
  stop(): Promise<void>;
}

export function startIoTracer(): IoTracer {
  const child = spawn("python3", ["-u", fileURLToPath(new URL("io-tracer.py", import.meta.url))], {
    stdio: ["pipe", "pipe", "pipe"],
  });
  let complaint = "";
  child.stderr.on("data", (chunk: Buffer) => (complaint = `${complaint}${chunk.toString("utf8")}`.slice(-2000)));
  child.stdin.on("error", () => undefined);
  const gone = once(child, "exit").catch(() => undefined);
  const waiting: Array<(answer: string) => void> = [];
  createInterface(child.stdout).on("line", (line) => waiting.shift()?.(line));
  const tell = async (command: object): Promise<void> => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error("the tracer of the disk fault did not answer")), answerDeadlineMs);
    });
    const ended = gone.then(() => {
      throw new Error(`the tracer of the disk fault ended: ${complaint.trim().split("\n").at(-1) ?? ""}`);
    });
    const answered = new Promise<string>((resolve) => waiting.push(resolve));
    ended.catch(() => undefined);
    try {
      child.stdin.write(`${JSON.stringify(command)}\n`);
      const { missed } = JSON.parse(await Promise.race([answered, late, ended])) as { missed: number };
      if (missed > 0) throw new Error(`${missed} of the container's threads cannot be traced`);
    } finally {
      clearTimeout(timer);
    }
  };
  return {
    begin: (root, volume) => tell({ root, volume }),
    setFaults: (faults) => tell({ faults: faults.map(({ volumePath: _volumePath, ...fault }) => fault) }),
    attach: (pids) => tell({ attach: pids }),
    stop: async () => {
      child.stdin.end();
      const timer = setTimeout(() => child.kill("SIGKILL"), stopDeadlineMs);
      await gone;
      clearTimeout(timer);
    },
  };
}
