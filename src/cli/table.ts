import type { CliCommand } from "./cli-command.ts";

/** The command line's commands, by name; each is loaded only when it is typed, so that none waits for another's parts. */
export const cliCommands: Readonly<Record<string, () => Promise<CliCommand>>> = {
  audit: async () => (await import("./audit.ts")).audit,
  migrate: async () => (await import("./migrate.ts")).migrateCommand,
  start: async () => (await import("./start.ts")).start,
};
