import { spawn } from "node:child_process";

export interface CommandResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** Runs a program to its end, with text on its standard input; rejects only if it cannot be started. */
export function runCommand(command: readonly string[], input = ""): Promise<CommandResult> {
  const [program = "", ...args] = command;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"] });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString("utf8")));
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString("utf8")));
    child.on("error", reject);
    child.on("close", (code) => resolve({ exitCode: code ?? 1, stdout, stderr }));
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);
  });
}

/** The same, rejecting with the program's own words when it fails. */
export async function mustRun(command: readonly string[], input = ""): Promise<string> {
  const result = await runCommand(command, input);
  if (result.exitCode === 0) return result.stdout;
  throw new Error(`${command.join(" ")} failed (${result.exitCode}): ${result.stderr.trim() || result.stdout.trim()}`);
}
