import { execFile } from "node:child_process";

/**
 * A command of the training module, letter for letter. `-it` finds no terminal here, which kubectl says on standard
 * error and goes on without. `differs` tells why an answer is not the module's.
 */
export interface ModuleCommand {
  command: string;
  answers: RegExp;
  differs?: string;
  /** Stopped after this long, since the command never ends by itself. */
  stopAfterMs?: number;
}

/** Runs a command by an ordinary shell with kubectl in it; both outputs. Never rejects. */
export function moduleShell(kubeconfig: string, command: string, stopAfterMs = 60_000, cwd?: string): Promise<string> {
  return new Promise((resolve) => {
    const child = execFile(
      "timeout",
      [String(stopAfterMs / 1000), "sh", "-c", command],
      { env: { ...process.env, KUBECONFIG: kubeconfig }, ...(cwd === undefined ? {} : { cwd }) },
      (_error, out, err) => resolve(`${out}${err}`),
    );
    child.stdin?.end();
  });
}

/** A command in one line, as a test's title. */
export const titleOf = ({ command }: ModuleCommand): string => command.replaceAll(/\\?\n/g, " ").slice(0, 90);
