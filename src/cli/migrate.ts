import { parseArgs } from "node:util";
import { databaseUrlOf } from "../config/load.ts";
import { readSecret } from "../config/secret.ts";
import { migrate } from "../store/schema.ts";
import { serviceRole } from "../store/settle.ts";
import type { CliCommand } from "./cli-command.ts";

const usage = `Usage: aftershock migrate [--config FILE]

Brings the database's schema up to date, and makes the roles that keep the service from rewriting its own trail:
aftershock_owner owns the tables, aftershock_app may do what the service needs. Neither can log in. Then, once:

  create role aftershock login password '…' in role aftershock_app;

and give that user to the service as DATABASE_URL. Safe to run again, and while the service runs.

  MIGRATION_DATABASE_URL   a user who may create in the schema, and roles; or MIGRATION_DATABASE_URL_FILE
  DATABASE_URL, --config   used when that is not set
Exit codes: 0 done, 1 failed, 2 wrong usage or configuration.
`;

/** `aftershock migrate` */
export const migrateCommand: CliCommand = {
  name: "migrate",
  summary: "brings the database's schema and roles up to date",
  usage,
  run: async (args, terminal) => {
    const { values } = parseArgs({ args: [...args], options: { config: { type: "string" } } });
    const url = readSecret(terminal.env, "MIGRATION_DATABASE_URL") ?? databaseUrlOf(terminal.env, values.config);
    const outcome = await migrate(url);
    terminal.out("The schema is up to date.\n");
    terminal.out(
      outcome.separated
        ? `The service's user must be a member of ${serviceRole}; it can then not rewrite the audit trail.\n`
        : `The roles could not be made (${outcome.why}), so that the service's user could rewrite the audit trail.\n` +
            "Run this again as a user who may create roles and owns the schema.\n",
    );
    return 0;
  },
};
