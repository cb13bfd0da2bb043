import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startPostgres, type EmbeddedPostgres } from "../../src/embedded/postgres.ts";
import { alive, familyOf, processes } from "../support/processes.ts";
import { waitFor } from "../support/stack.ts";
import { makeFolder } from "./support.ts";

const { folder, remove } = makeFolder();
let postgres: EmbeddedPostgres;
const clients: pg.Client[] = [];

async function connect(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: postgres.url });
  client.on("error", () => undefined);
  await client.connect();
  clients.push(client);
  return client;
}

/** The postmaster whose data lies in our folder. */
const serverOf = (): number[] =>
  [...processes()].filter(([, command]) => command.includes(`-D ${folder}`)).map(([pid]) => pid);

beforeAll(async () => void (postgres = await startPostgres(folder)));
afterAll(async () => {
  await postgres?.stop();
  remove();
});

describe("the embedded PostgreSQL", () => {
  it("gives every connection a session of its own", async () => {
    const [one, two] = [await connect(), await connect()];
    const pids = await Promise.all(
      [one, two].map(async (client) => (await client.query("select pg_backend_pid()")).rows),
    );
    expect(pids[0]).not.toEqual(pids[1]);
    const lock = "select pg_try_advisory_lock(7) as got";
    expect((await one.query(lock)).rows).toEqual([{ got: true }]);
    expect((await two.query(lock)).rows).toEqual([{ got: false }]);
  });

  it("delivers NOTIFY from one connection to another", async () => {
    const [listener, speaker] = [await connect(), await connect()];
    const heard = new Promise((resolve) => listener.on("notification", ({ payload }) => resolve(payload)));
    await listener.query("listen news");
    await speaker.query("select pg_notify('news', 'run-1')");
    expect(await heard).toBe("run-1");
  });

  it("does not let anybody in without the password", async () => {
    const stranger = new pg.Client({ connectionString: postgres.url.replace(/:[^:@]+@/, ":guess@") });
    await expect(stranger.connect()).rejects.toThrow(/password authentication failed/);
  });

  it("leaves no process when stopped, though clients are connected", async () => {
    const server = serverOf();
    expect(server).toHaveLength(1);
    const family = familyOf(server[0] ?? 0);
    expect(family.length).toBeGreaterThan(clients.length);
    await postgres.stop();
    await waitFor(
      async () => alive(family),
      (left) => left.length === 0,
      10_000,
    );
    await Promise.all(clients.map((client) => client.end().catch(() => undefined)));
  });
});
