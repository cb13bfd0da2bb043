import { runCli, type CommandTable } from "../../src/cli/run-cli.ts";

/** How a command line ended, and what it said. */
export interface Said {
  code: number;
  out: string;
  err: string;
}

/** `aftershock …` in this process, with nothing in its environment but `env`. */
export async function typed(
  table: CommandTable,
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Said> {
  const said = { out: "", err: "" };
  const code = await runCli(table, argv, {
    out: (text) => void (said.out += text),
    err: (text) => void (said.err += text),
    env,
  });
  return { code, ...said };
}
