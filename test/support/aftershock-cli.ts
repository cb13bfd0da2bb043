import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Ran } from "./kubectl.ts";

/**
 * The real `aftershock WORD …` in a process of its own, with a kubeconfig and nothing else: neither the bot's
 * configuration nor its secrets are in its environment.
 */
export function aftershock(kubeconfig: string, ...args: readonly string[]): Promise<Ran> {
  const main = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ["--import", "tsx", main, ...args, "--kubeconfig", kubeconfig],
      { env: { PATH: process.env["PATH"], HOME: "/nonexistent" }, timeout: 90_000 },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === "number" ? error.code : 1;
        resolve({ exitCode: code, stdout, stderr });
      },
    );
  });
}
