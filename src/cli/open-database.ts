import { databaseUrlOf } from "../config/load.ts";
import { databaseRefused, openDatabase, type Database } from "../store/database.ts";
import type { Terminal } from "./cli-command.ts";

/**
 * Runs `work` with the bot's database: of --config, or of DATABASE_URL. Throws AftershockError `bad_config` when it does
 * not answer.
 */
export async function withDatabase<T>(
  { env }: Terminal,
  config: string | undefined,
  work: (database: Database) => Promise<T>,
): Promise<T> {
  const database = openDatabase(databaseUrlOf(env, config), () => undefined);
  try {
    await database.query("select 1").catch((error: unknown) => {
      throw databaseRefused(error, "Look at DATABASE_URL, or give --config FILE.");
    });
    return await work(database);
  } finally {
    await database.end();
  }
}
