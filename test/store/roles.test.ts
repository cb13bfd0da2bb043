import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeServiceUser } from "../../src/embedded/database.ts";
import { tables } from "../../src/store/access.ts";
import { readAudit } from "../../src/store/audit.ts";
import { inTransaction, openDatabase } from "../../src/store/database.ts";
import { appendEvents } from "../../src/store/events.ts";
import { compareAndSetState, lockRun } from "../../src/store/runs.ts";
import { migrate, prepareSchema } from "../../src/store/schema.ts";
import { settleAccess } from "../../src/store/settle.ts";
import { aftershock, execute } from "../support/audit-trail.ts";
import { insertTestRun, startTestDatabase, type TestDatabase } from "../support/database.ts";

let db: TestDatabase;
let service: pg.Pool;
let serviceUrl: string;
let runId: string;
beforeAll(async () => {
  db = await startTestDatabase();
  serviceUrl = await makeServiceUser(db.url);
  service = openDatabase(serviceUrl, () => undefined);
  runId = await insertTestRun(service);
  await inTransaction(service, (client) => appendEvents(client, runId, [{ type: "expired" }]));
});
afterAll(async () => {
  await service?.end();
  await db?.stop();
});

const url = (user: string, database: string): string => {
  const own = new URL(db.url);
  own.pathname = `/${database}`;
  if (user !== "") [own.username, own.password] = [user, "secret-of-a-test"];
  return own.href;
};

describe("the service's database user", () => {
  it("may do what the service does", async () => {
    await inTransaction(service, async (client) => {
      expect((await lockRun(client, runId))?.id).toBe(runId);
      await appendEvents(client, runId, [{ type: "expired" }]);
      expect(await compareAndSetState(client, { runId, from: "requested", to: "approved" })).toBe(true);
    });
    const roles = new Set<string>();
    for await (const { role } of readAudit(service)) roles.add(role);
    expect([...roles]).toEqual(["aftershock_service"]);
  });
  it.each([
    "update run_events set data = '{}'",
    "delete from run_events",
    "truncate run_events",
    "update run_decisions set user_id = 'U0EVE'",
    "delete from run_decisions",
    "update audit_log set entry = '{}'",
    "delete from audit_log",
    "truncate audit_log",
    "insert into audit_log values (1, now(), 'x', 'runs', 'insert', 'run-1', '{}', '', '')",
    "select audit_append('runs', 'insert', 'run-1', '{}')",
    "update runs set plan = '{}'",
    "update runs set plan_digest = 'x'",
    "update runs set requested_by = 'U0EVE'",
    "delete from runs",
    "update run_faults set targets = '{}'",
    "delete from run_faults",
    "update schedules set runs_allowed = 1000",
    "alter table run_events disable trigger all",
    "alter table runs disable trigger audited",
    "drop trigger audited on runs",
    "drop table audit_log",
    "alter table audit_log add column x int",
    "create table mine (x int)",
    "create function audit_time(moment timestamptz, x int) returns text language sql as 'select 1::text'",
    "create or replace function audit_row() returns trigger language plpgsql as 'begin return null; end'",
    "alter function audit_row() reset all",
    "set session_replication_role = replica",
    "set role aftershock_owner",
    "grant aftershock_owner to current_user",
    "select setval('run_numbers', 1)",
    "update schema_migrations set name = 'x'",
  ])("is refused by PostgreSQL: %s", async (statement) => {
    await expect(service.query(statement)).rejects.toMatchObject({ code: "42501" });
  });
  it("is refused by the triggers too where it is the owner who asks", async () => {
    await expect(db.database.query("update run_events set type = 'x'")).rejects.toThrow(/append-only/);
    await expect(db.database.query("delete from audit_log")).rejects.toThrow(/append-only/);
    await expect(db.database.query("truncate run_decisions")).rejects.toThrow(/append-only/);
  });
  it("cannot put off the trail, and what is not committed is not in it", async () => {
    const count = async () => Number((await service.query("select count(*) from audit_log")).rows[0].count);
    const before = await count();
    await expect(
      inTransaction(service, async (client) => {
        await client.query("set constraints all immediate");
        await appendEvents(client, runId, [{ type: "expired" }]);
        expect(Number((await client.query("select count(*) from audit_log")).rows[0].count)).toBe(before + 1);
        throw new Error("undo");
      }),
    ).rejects.toThrow("undo");
    expect(await count()).toBe(before);
  });
  it("holds up nobody while its transaction is open: the trail is locked at commit only", async () => {
    const other = await insertTestRun(service);
    await inTransaction(service, async (open) => {
      await appendEvents(open, runId, [{ type: "expired" }]);
      await inTransaction(service, (client) => appendEvents(client, other, [{ type: "expired" }]));
    });
  });
  it("leaves a trail without gaps or forks when many write at once, and nobody waits for ever", async () => {
    const runs = await Promise.all(Array.from({ length: 8 }, () => insertTestRun(service)));
    await Promise.all(
      Array.from({ length: 60 }, (_unused, at) =>
        inTransaction(service, async (client) => {
          // Two runs in one transaction, in any order, other than that of their entries.
          const [one, two] = [runs[at % 8] ?? "", runs[(at + 1) % 8] ?? ""].toSorted();
          await appendEvents(client, one ?? "", [{ type: "expired" }]);
          await appendEvents(client, two ?? "", [{ type: "expired" }]);
        }),
      ),
    );
    const { code, out } = await aftershock(serviceUrl, "audit", "verify");
    expect(out).toMatch(/both ways/);
    expect(code).toBe(0);
  });
});

describe("the schema's tables", () => {
  const undeclared = async (): Promise<string[]> => {
    const { rows } = await db.database.query<{ name: string }>(
      "select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')",
    );
    return rows.map(({ name }) => name).filter((name) => !Object.hasOwn(tables, name));
  };
  it("are all in src/store/access.ts: what the service may do with them, and whether they are audited", async () => {
    expect(await undeclared()).toEqual([]);
    await db.database.query("create table forgotten (x int)");
    expect(await undeclared()).toEqual(["forgotten"]);
    await db.database.query("drop table forgotten");
  });
  it("belong to the owner's group, which nobody can log in as", async () => {
    const { rows } = await db.database.query<{ name: string }>(
      `select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'
          and pg_get_userbyid(relowner) <> 'aftershock_owner'`,
    );
    expect(rows).toEqual([]);
    const roles = await db.database.query(
      "select rolcanlogin from pg_roles where rolname like 'aftershock\\_%' and rolname <> 'aftershock_service'",
    );
    expect(roles.rows).toEqual([{ rolcanlogin: false }, { rolcanlogin: false }]);
  });
});

describe("migrating", () => {
  it("takes what is there already into the trail, once", async () => {
    await db.database.query("create database older");
    const older = url("", "older");
    await migrate(older);
    await execute(older, [
      "drop trigger audited on runs",
      "insert into runs (experiment, plan, plan_digest, cluster, target_key, requested_by, team_id, channel_id, expires_at) values ('e', '{}', 'd', 'lab', 't', 'U1', 'T1', 'C1', now())",
    ]);
    expect(await aftershock(older, "audit", "verify")).toMatchObject({ code: 1 });
    await migrate(older);
    await migrate(older);
    expect((await aftershock(older, "audit", "show", "run-1")).out).toMatch(
      /run stored: e on t, plan d \(before auditing/,
    );
    expect(await aftershock(older, "audit", "verify")).toMatchObject({
      code: 0,
      out: expect.stringContaining("1 entry"),
    });
  });
  it("may be done by a user that is no superuser, if it may make roles and owns the database; again and again", async () => {
    await execute(db.url, [
      "create role chief login createrole password 'secret-of-a-test'",
      "grant aftershock_owner to chief with admin option",
      "create database by_chief owner chief",
    ]);
    for (let time = 0; time < 2; time += 1) {
      const done = await aftershock(url("chief", "by_chief"), "migrate");
      expect(done).toMatchObject({ code: 0, out: expect.stringContaining("member of aftershock_app") });
    }
  });
  it("says so where the user may not, and goes on with one user; done later by one who may, it is mended", async () => {
    await execute(db.url, [
      "create role plain login password 'secret-of-a-test'",
      "create database by_plain owner plain",
    ]);
    const plain = url("plain", "by_plain");
    const done = await aftershock(plain, "migrate");
    expect(done).toMatchObject({ code: 0, out: expect.stringContaining("could rewrite the audit trail") });
    expect(await prepareSchema(plain)).toEqual({ mayRewrite: true });
    await insertRunAs(plain);
    expect(await aftershock(plain, "audit", "verify")).toMatchObject({
      code: 0,
      out: expect.stringContaining("1 entry"),
    });
    await migrate(url("", "by_plain"));
    await execute(db.url, ["grant aftershock_app to plain", "alter database by_plain owner to aftershock"]);
    expect(await prepareSchema(plain)).toEqual({ mayRewrite: false });
    await insertRunAs(plain);
  });
});

describe("the service at its start", () => {
  it("finds the schema current and changes nothing", async () => {
    expect(await prepareSchema(serviceUrl)).toEqual({ mayRewrite: false });
  });
  it("says which migration is missing when it may not make it", async () => {
    await db.database.query("create database empty");
    const empty = new URL(serviceUrl);
    empty.pathname = "/empty";
    await db.database.query("select 1");
    await expect(prepareSchema(empty.href)).rejects.toMatchObject({
      code: "bad_config",
      message: expect.stringMatching(/lacks \d+ migrations, first 001_runs/),
      hint: expect.stringContaining("aftershock migrate"),
    });
  });
});

async function insertRunAs(address: string): Promise<void> {
  const database = openDatabase(address, () => undefined);
  await insertTestRun(database).finally(() => database.end());
}

it("settles twice to the same", async () => {
  const client = new pg.Client({ connectionString: db.url });
  await client.connect();
  const rights = async () =>
    (
      await client.query(
        "select relname, relacl::text from pg_class where relnamespace = 'public'::regnamespace order by 1",
      )
    ).rows;
  const before = await rights();
  expect(await settleAccess(client)).toEqual({ separated: true });
  expect(await rights()).toEqual(before);
  await client.end();
});
