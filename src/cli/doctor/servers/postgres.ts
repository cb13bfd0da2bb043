import { isAftershockError } from "../../../errors.ts";
import { serviceRole } from "../../../store/settle.ts";
import type { DatabaseFacts } from "../../../store/inspect.ts";
import type { Check } from "../asked.ts";
import { unknown, warning, well, wrong, type Line } from "../line.ts";

/** `xid8` and pg_xact_status(xid8), by which a lost commit is looked up, came with 13 (postgresql.org, release 13). */
const leastVersionNumber = 130_000;

export function judgePostgres(facts: DatabaseFacts): Line[] {
  const { version, versionNumber, missing, inRecovery } = facts;
  const read =
    versionNumber >= leastVersionNumber
      ? well(`PostgreSQL ${version} answers`)
      : wrong(
          `PostgreSQL is ${version}; it must be 13 or newer.`,
          "https://www.postgresql.org/docs/current/upgrading.html",
        );
  const primary = inRecovery
    ? [
        wrong(
          "This is a replica: it takes no writes.",
          "Put the primary's address into DATABASE_URL, or a name that follows it.",
        ),
      ]
    : [];
  return [read, ...primary, judgeSchema(missing, facts.mayMigrate), judgeTrail(facts.mayRewrite)];
}

const migrate = "As a user who may: MIGRATION_DATABASE_URL=postgres://… npx aftershock migrate";

function judgeSchema(missing: readonly string[], mayMigrate: boolean): Line {
  if (missing.length === 0) return well("The schema is this version's");
  const what = `The schema lacks ${missing.length === 1 ? "the migration" : `${missing.length} migrations, first`} ${missing[0] ?? ""}`;
  return mayMigrate
    ? warning(`${what}; the service would make it at its start, as this user may.`, "npx aftershock migrate")
    : wrong(`${what}, and this user may not change it.`, migrate);
}

function judgeTrail(mayRewrite: boolean | null): Line {
  if (mayRewrite === null) return unknown("There is no audit trail yet to be rewritten.", migrate);
  return mayRewrite
    ? warning(
        "This user could rewrite the audit trail.",
        `npx aftershock migrate\nThen in psql: create role aftershock login password '…' in role ${serviceRole};\nAnd that user in DATABASE_URL: docs/audit.md`,
      )
    : well("This user may not rewrite the audit trail");
}

export const postgres: Check = async ({ postgres: ask }) => {
  const learnt = await ask();
  if (learnt.ok) return judgePostgres(learnt.value);
  if (isAftershockError(learnt.error)) return [wrong(learnt.why, learnt.error.hint)];
  return [
    wrong(
      `PostgreSQL does not let us in: ${learnt.why}.`,
      'Try what the service would: psql "$DATABASE_URL" -c "select 1"',
    ),
  ];
};
