import { execFile } from "node:child_process";

export interface Ran {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** The real kubectl of this machine. */
export const kubectlProgram = (): string => process.env["KUBECTL"] ?? "kubectl";

/** Runs the real kubectl against a kubeconfig, with text on its standard input. */
export function kubectl(
  kubeconfig: string,
  args: readonly string[],
  input = "",
  program = kubectlProgram(),
): Promise<Ran> {
  return new Promise((resolve) => {
    const child = execFile(
      program,
      [...args],
      { env: { ...process.env, KUBECONFIG: kubeconfig }, timeout: 60_000, maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === "number" ? error.code : 1;
        resolve({ exitCode: code, stdout, stderr });
      },
    );
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(input);
  });
}

/** Standard output of a kubectl that must succeed. */
export async function kubectlOk(kubeconfig: string, args: readonly string[], input = ""): Promise<string> {
  const ran = await kubectl(kubeconfig, args, input);
  if (ran.exitCode !== 0) throw new Error(`kubectl ${args.join(" ")}: ${ran.stderr}`);
  return ran.stdout;
}
