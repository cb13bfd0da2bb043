import { isAftershockError } from "../errors.ts";
import type { CliCommand, Terminal } from "./cli-command.ts";

export type CommandTable = Readonly<Record<string, () => Promise<CliCommand>>>;

/**
 * Finds the command and runs it; without a word of its own that is `start`. Resolves to the exit code, after the reason
 * was printed: 0 done, 1 failed, 2 wrong usage or configuration.
 */
export async function runCli(table: CommandTable, argv: readonly string[], terminal: Terminal): Promise<number> {
  const [first = "start", ...rest] = argv;
  const named = !first.startsWith("-");
  const [name, args] = named ? [first, rest] : ["start", argv];
  const wantsHelp = args.includes("--help") || args.includes("-h");
  if (name === "help" || (wantsHelp && !named)) return print(terminal, await overview(table));
  const load = Object.hasOwn(table, name) ? table[name] : undefined;
  if (load === undefined) {
    terminal.err(`There is no command "${name}".\n\n${await overview(table)}`);
    return 2;
  }
  const command = await load();
  if (wantsHelp) return print(terminal, `aftershock ${command.name}: ${command.summary}\n\n${command.usage}`);
  try {
    return await command.run(args, terminal);
  } catch (error) {
    return explain(error, command, terminal);
  }
}

function print(terminal: Terminal, text: string): number {
  terminal.out(text);
  return 0;
}

async function overview(table: CommandTable): Promise<string> {
  const commands = await Promise.all(Object.values(table).map((load) => load()));
  const width = Math.max(...commands.map(({ name }) => name.length));
  const lines = commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}\n`);
  return `Usage: aftershock [COMMAND] [options]\n\n${lines.join("")}\nMore on one: aftershock COMMAND --help\n`;
}

function explain(error: unknown, command: CliCommand, terminal: Terminal): number {
  if (isAftershockError(error)) {
    terminal.err(`${error.message}\n${error.hint}\n`);
    return error.code === "bad_config" || error.code === "bad_command" ? 2 : 1;
  }
  // What node:util's parseArgs throws for an option that it does not know or that lacks its value.
  if (error instanceof TypeError && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS")) {
    terminal.err(`${error.message}\n\n${command.usage}`);
    return 2;
  }
  terminal.err(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return 1;
}
