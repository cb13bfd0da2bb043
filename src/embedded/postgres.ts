import { randomBytes } from "node:crypto";
import { chownSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { spawnSync } from "node:child_process";
import pg from "pg";
import { AftershockError } from "../errors.ts";
import { postgresPrograms } from "../lab/systems/postgres-programs.ts";
import { startChild, untilReady, type Child, type ChildOptions } from "./child.ts";
import { onFreePort } from "./free-port.ts";

export interface EmbeddedPostgres {
  url: string;
  /** Ends it at once and breaks every connection (immediate shutdown, as after a crash). Data and port stay. */
  crash(): Promise<void>;
  /** Starts it again after `crash`. */
  again(): Promise<void>;
  stop(): Promise<void>;
}

/** The server's programs. Throws AftershockError `missing_program` when there are none. */
function serverPrograms(): string {
  const found = postgresPrograms();
  if (found !== undefined) return found;
  throw new AftershockError(
    "missing_program",
    "PostgreSQL's server is not installed.",
    "apt-get install --no-install-recommends postgresql",
  );
}

/**
 * A real PostgreSQL of the bot's own on loopback, with its data in `directory`. It refuses to run as root, so root
 * starts it as the user postgres (which the package makes). Durability is off, unless `settings` (postgresql.conf) turn it
 * on: the data lives as long as the demo.
 */
export async function startPostgres(
  directory: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<EmbeddedPostgres> {
  const programs = serverPrograms();
  const data = join(directory, "postgres");
  const logFile = join(directory, "postgres.log");
  const identity = process.getuid?.() === 0 ? postgresIdentity() : undefined;
  mkdirSync(data, { recursive: true, mode: 0o700 });
  const password = randomBytes(18).toString("base64url");
  writeFileSync(join(directory, "pgpass"), `${password}\n`, { mode: 0o600 });
  if (identity !== undefined) chownSync(join(directory, "pgpass"), identity.uid, identity.gid);
  if (identity !== undefined) chownSync(data, identity.uid, identity.gid);
  const initdb = spawnSync(
    join(programs, "initdb"),
    [
      "-D",
      data,
      "-U",
      "aftershock",
      "--auth=scram-sha-256",
      `--pwfile=${join(directory, "pgpass")}`,
      "-E",
      "UTF8",
      "--locale=C",
      "--no-sync",
    ],
    { ...identity, encoding: "utf8", cwd: "/", env: { PATH: process.env["PATH"] ?? "", LC_ALL: "C" } },
  );
  if (initdb.status !== 0) throw initdbFailed(initdb.error?.message ?? initdb.stderr, directory);
  return onFreePort((port) => startOn(port, { programs, data, logFile, identity, password, settings }));
}

function initdbFailed(said: string, directory: string): Error {
  if (!said.includes("Permission denied")) return new Error(`initdb failed: ${said}`);
  return new AftershockError(
    "not_supported_here",
    `PostgreSQL's own user may not enter ${dirname(directory)}.`,
    "Use a temporary folder that other users may pass through: TMPDIR=/tmp",
  );
}

interface Place {
  programs: string;
  data: string;
  logFile: string;
  password: string;
  settings: Readonly<Record<string, string>>;
  identity: { uid: number; gid: number } | undefined;
}

async function startOn(port: number, place: Place): Promise<EmbeddedPostgres> {
  const { programs, data, logFile, identity, password } = place;
  const settings = {
    port,
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    max_connections: 60,
    // What is committed survives the server's own crash, which tests of ours rely on; not the machine's.
    fsync: "off",
    full_page_writes: "off",
    log_min_messages: "warning",
    ...place.settings,
  };
  const options: ChildOptions = {
    name: "postgres",
    command: [
      join(programs, "postgres"),
      "-D",
      data,
      ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
    ],
    logFile,
    env: { PATH: process.env["PATH"] ?? "", LC_ALL: "C" },
    ...identity,
    // Fast shutdown (does not wait for clients), and immediate shutdown, which SIGKILL is not: it would leave the
    // server's shared memory segment behind. https://www.postgresql.org/docs/15/server-shutdown.html
    stopSignal: "SIGINT",
    deathSignal: "SIGQUIT",
  };
  const url = `postgres://aftershock:${password}@127.0.0.1:${port}/postgres`;
  const begin = async (): Promise<Child> => {
    const child = startChild({ ...options, command: [...preloading(), ...options.command] });
    await untilReady(child, { name: "PostgreSQL", logFile, deadlineMs: 20_000, ready: () => answers(url) });
    return child;
  };
  let server = await begin();
  return {
    url,
    crash: async () => {
      server.kill("SIGQUIT");
      await server.stop();
    },
    again: async () => void (server = await begin()),
    stop: () => server.stop(),
  };
}

/**
 * What is preloaded into this process's children now, e.g. a clock that is off (libfaketime) in tests: for the server
 * alone, and not before it has become its own user, whose semaphores they must be.
 */
function preloading(): string[] {
  const names = Object.entries(process.env).filter(([name]) => /^(LD_PRELOAD|FAKETIME.*)$/.test(name));
  return names.length === 0 ? [] : ["/usr/bin/env", ...names.map(([name, value]) => `${name}=${value ?? ""}`)];
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 500 });
  client.on("error", () => undefined);
  try {
    await client.connect();
    await client.query("select 1");
    return true;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Ids of the user postgres, or of nobody where there is none (passwd(5)). */
function postgresIdentity(): { uid: number; gid: number } {
  const users = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"));
  const user = users.find(([name]) => name === "postgres") ?? users.find(([name]) => name === "nobody");
  return { uid: Number(user?.[2] ?? 65_534), gid: Number(user?.[3] ?? 65_534) };
}
