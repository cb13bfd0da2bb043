import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chownSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { postgresPrograms } from "../../src/lab/systems/postgres-programs.ts";
import { openHttp } from "../../src/probes/dial-http.ts";
import { readView, type PatroniPods } from "../../src/probes/patroni/members.ts";
import type { SystemContext } from "../../src/probes/system.ts";
import { waitFor } from "./stack.ts";

/** A real PostgreSQL on a loopback address of its own at the usual port, with data checksums; no Patroni. */
export interface ScratchPostgres {
  data: string;
  /** The one member `pg-0`. */
  members: PatroniPods;
  /** Runs commands on this machine as a pod would: PostgreSQL's programs in PATH, PGHOST set. */
  context: Pick<SystemContext, "exec">;
  query<T extends pg.QueryResultRow>(text: string): Promise<T[]>;
  /** `SIGINT` is a fast shutdown, `SIGQUIT` one without. */
  stop(signal?: "SIGINT" | "SIGQUIT"): Promise<void>;
  start(): Promise<void>;
  remove(): Promise<void>;
}

export async function startScratchPostgres(): Promise<ScratchPostgres> {
  const programs = postgresPrograms() ?? "";
  const directory = mkdtempSync(join(tmpdir(), "aftershock-test-"));
  const data = join(directory, "data");
  const host = `127.${20 + Math.floor(Math.random() * 200)}.${Math.floor(Math.random() * 250)}.7`;
  const [, , uid, gid] =
    readFileSync("/etc/passwd", "utf8")
      .split("\n")
      .map((line) => line.split(":"))
      .find(([name]) => name === "postgres") ?? [];
  const identity = process.getuid?.() === 0 ? { uid: Number(uid), gid: Number(gid) } : {};
  if (identity.uid !== undefined) chownSync(directory, identity.uid, identity.gid ?? 0);
  const env = { PATH: `${programs}:/usr/bin:/bin`, LC_ALL: "C", PGHOST: host };
  const initdb = spawnSync(
    join(programs, "initdb"),
    ["-D", data, "-U", "postgres", "--auth=trust", "--data-checksums", "--no-sync", "-E", "UTF8", "--locale=C"],
    { ...identity, cwd: "/", env, encoding: "utf8" },
  );
  if (initdb.status !== 0) throw new Error(`initdb: ${initdb.stderr}`);
  let server: ChildProcess | null = null;
  const query = async <T extends pg.QueryResultRow>(text: string): Promise<T[]> => {
    const client = new pg.Client({ host, user: "postgres", database: "postgres", connectionTimeoutMillis: 2000 });
    client.on("error", () => undefined);
    await client.connect();
    try {
      return (await client.query<T>(text)).rows;
    } finally {
      await client.end();
    }
  };
  const start = async (): Promise<void> => {
    const settings = ["listen_addresses=" + host, "port=5432", "unix_socket_directories=", "shared_buffers=32MB"];
    server = spawn(join(programs, "postgres"), ["-D", data, ...settings.flatMap((setting) => ["-c", setting])], {
      ...identity,
      cwd: "/",
      env,
      stdio: "ignore",
    });
    await waitFor(
      () =>
        query("select 1").then(
          () => true,
          () => false,
        ),
      (up) => up,
      20_000,
    );
  };
  const stop = async (signal: "SIGINT" | "SIGQUIT" = "SIGINT"): Promise<void> => {
    if (server === null || server.exitCode !== null) return;
    const gone = once(server, "exit");
    server.kill(signal);
    await gone;
    server = null;
  };
  const pod = { name: "pg-0", namespace: "database", uid: "1", host, labels: {}, ready: true };
  await start();
  return {
    data,
    members: {
      pods: [pod],
      manager: { name: "patroni", look: "patronictl list", view: async (name) => readView(name, null) },
      dcs: [],
      scope: "none",
      user: "postgres",
      database: "postgres",
      dial: async () => ({ host, port: 5432 }),
      listening: () => ({ port: 5432, tls: "none" }),
      addressOf: () => host,
      nameOf: (address) => (address === host ? "pg-0" : address),
      ask: openHttp(),
      etcdTokens: new Map(),
      refresh: async () => undefined,
    },
    context: {
      exec: async (_pod, [program = "", ...args], timeoutMs) => {
        const ran = spawnSync(program, args, { encoding: "utf8", env, timeout: timeoutMs });
        return { exitCode: ran.status ?? 1, stdout: ran.stdout, stderr: ran.stderr };
      },
    },
    query,
    stop,
    start,
    remove: async () => {
      await stop("SIGQUIT");
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
