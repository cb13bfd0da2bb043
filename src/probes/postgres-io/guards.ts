import type { GuardResult } from "../system.ts";

/** What was found out about the check that follows every I/O fault; null: could not be read. */
export interface CheckEvidence {
  /** The extension can be created (pg_available_extensions), or is there. */
  extension: boolean | null;
  /** First line of `pg_amcheck --version` in the container, or why there is none. */
  program: { found: boolean; said: string };
}

export const amcheckGuard = "amcheck-available";

/** Without the check afterwards nobody would know what the fault left behind. */
export function judgeAmcheck({ extension, program }: CheckEvidence): GuardResult {
  return {
    ok: extension === true && program.found,
    measured: `extension amcheck ${extension === null ? "not readable" : extension ? "available" : "not available"}; ${program.said}`,
    bound: "the extension amcheck and the program pg_amcheck, for the check after the fault",
    hint: "amcheck is in postgresql-contrib; pg_amcheck comes with PostgreSQL 14 and later and must be in the container's PATH.",
  };
}
