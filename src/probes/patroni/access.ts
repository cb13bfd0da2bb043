import type pg from "pg";
import { messageOf } from "../../errors.ts";
import type { Dial } from "../access.ts";
import { badLogin, noRight, requireAccess, saidBy, type AskedServer, type Refused } from "../refused-access.ts";
import type { SystemContext } from "../system.ts";
import { destroy, withTimeout } from "./endpoint.ts";
import { memberClient } from "./connect.ts";
import { EtcdAccessError, tryLock } from "./lock-etcd.ts";
import type { PatroniPart, PatroniPods } from "./members.ts";

/** Patroni's REST API refused us. */
class RestRefusal extends Error {}

/** A right that a user lacks, found by asking for it. */
class MissingGrant extends Error {
  readonly mend: string;
  constructor(message: string, mend: string) {
    super(message);
    this.mend = mend;
  }
}

/**
 * Errors by which PostgreSQL, Patroni and etcd refuse who we are (PostgreSQL manual, error codes: class 28; HTTP 401 and
 * 403). Null: something else.
 */
export function patroniRefusal(error: unknown, part: string): Refused {
  const said = saidBy(error);
  if (error instanceof EtcdAccessError) {
    const { kind } = error;
    return kind === "login" ? badLogin(said) : kind === "rights" ? noRight(said, part) : { what: said, mend: noName };
  }
  if (error instanceof MissingGrant) return { what: said, mend: { act: error.mend } };
  if (error instanceof RestRefusal) return badLogin(said);
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (/^28...$/.test(code)) return { what: said, mend: { keys: keysFor(said) } };
  if (code === "42501") return noRight(said, part);
  // What node-postgres says where the server asks for a password and there is none.
  if (/password must be a (non-empty )?string/.test(said)) return badLogin("it asks for a password");
  if (/does not support SSL connections/.test(said)) return { what: said, mend: { keys: "port and tls" } };
  return /ECONNRESET|terminated unexpectedly|other side closed|socket hang up/.test(`${code} ${messageOf(error)}`)
    ? "hung-up"
    : null;
}

const noName = { act: "Give a client certificate without CN in tls.cert of access.etcd, and a user with a password." };

function keysFor(said: string): string {
  // PostgreSQL sources, auth.c, ClientAuthentication: `no encryption` since 14, `SSL off` before.
  if (/no pg_hba\.conf entry.*(no encryption|SSL off)/s.test(said)) return "tls";
  return /client certificate|certificate authentication/.test(said) ? "tls.cert and tls.key" : "user and password";
}

/**
 * Asks every member's PostgreSQL and Patroni, and every etcd, once. Throws AftershockError `system_unreachable` where a
 * login, a certificate or a right is missing.
 */
export async function requirePatroniAccess(
  context: Pick<SystemContext, "parameters">,
  members: PatroniPods,
  timeoutMs: number,
): Promise<void> {
  const server = (part: PatroniPart, pod: string, ask: (dial: Dial) => Promise<void>): AskedServer => ({
    part,
    pod,
    dial: () => members.dial(part, pod),
    ask,
  });
  const hasPatroni = members.manager.name === "patroni";
  await requireAccess(
    context,
    [
      ...members.pods.flatMap(({ name }) => [
        server("postgres", name, () => trySql(members, name, timeoutMs, hasPatroni ? null : requireRights)),
        ...(hasPatroni
          ? [
              server("patroni", name, async (dial) => {
                const { status } = await members.ask(name, dial, { path: "/patroni", timeoutMs });
                if (status === 401 || status === 403) throw new RestRefusal(`GET /patroni answers ${status}`);
              }),
            ]
          : []),
      ]),
      ...members.dcs.map(({ name }) => server("etcd", name, (dial) => tryLock(members, { dial, name, timeoutMs }))),
    ],
    patroniRefusal,
  );
}

async function trySql(
  members: PatroniPods,
  pod: string,
  timeoutMs: number,
  then: ((client: pg.Client) => Promise<void>) | null,
): Promise<void> {
  const client = await memberClient(members, pod, { applicationName: "aftershock", connectTimeoutMs: timeoutMs });
  client.on("error", () => undefined);
  try {
    await withTimeout(client.connect(), timeoutMs);
    if (then !== null) await withTimeout(then(client), timeoutMs);
  } finally {
    destroy(client);
  }
}

const rightsText = `
  select pg_has_role('pg_read_all_stats', 'usage') as statistics, current_database() as database,
    current_schema() as schema, coalesce(has_schema_privilege(current_schema(), 'create'), false) as tables`;

/**
 * Where servers are asked themselves, a user that may not see others' replication connections is told of none: to it a
 * cluster would have no replicas (PostgreSQL manual, pg_stat_replication). Rights are asked for, so that nothing is made.
 */
async function requireRights(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{
    statistics: boolean;
    database: string;
    schema: string | null;
    tables: boolean;
  }>(rightsText);
  const [may] = rows;
  if (may === undefined) return;
  if (!may.statistics) {
    throw new MissingGrant(
      "that user may not see who replicates, in pg_stat_replication and pg_stat_wal_receiver",
      "As a superuser: GRANT pg_monitor TO that user; or name another one.",
    );
  }
  if (may.tables) return;
  throw new MissingGrant(
    `that user may make no table in ${may.schema === null ? "any schema" : `the schema ${may.schema}`} of the database ${may.database}`,
    `As a superuser: GRANT CREATE ON SCHEMA ${may.schema ?? "public"} TO that user; or name a database that it owns.`,
  );
}
