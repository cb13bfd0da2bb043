import type { CliCommand } from "./cli-command.ts";

/** The command line's commands, by name; each is loaded only when it is typed, so that none waits for another's parts. */
export const cliCommands: Readonly<Record<string, () => Promise<CliCommand>>> = {
  audit: async () => (await import("./audit.ts")).audit,
  export: async () => (await import("./export.ts")).exportCommand,
  migrate: async () => (await import("./migrate.ts")).migrateCommand,
  halt: async () => (await import("./halt.ts")).halt,
  resume: async () => (await import("./resume.ts")).resume,
  heal: async () => (await import("./heal.ts")).heal,
  doctor: async () => (await import("./doctor.ts")).doctor,
  rbac: async () => (await import("./rbac.ts")).rbac,
  run: async () => (await import("./run.ts")).runCommand,
  targets: async () => (await import("./targets.ts")).targets,
  validate: async () => (await import("./validate.ts")).validate,
  start: async () => (await import("./start.ts")).start,
};
