import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** Where Debian and Ubuntu put PostgreSQL's programs; they are not on PATH. */
const base = "/usr/lib/postgresql";

/** The folder of the newest version's server programs; undefined when none is installed. */
export function postgresPrograms(): string | undefined {
  const versions = existsSync(base) ? readdirSync(base).toSorted((a, b) => Number(b) - Number(a)) : [];
  return versions.map((version) => join(base, version, "bin")).find((folder) => existsSync(join(folder, "initdb")));
}
