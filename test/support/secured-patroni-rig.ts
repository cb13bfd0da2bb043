import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { postgresPrograms } from "../../src/lab/systems/postgres-programs.ts";
import type { PodAddress, SystemContext } from "../../src/probes/system.ts";
import { openAccess } from "../../src/targets/open-access.ts";
import type { PartAccess, SecretRef, Target } from "../../src/targets/target.ts";
import { createAuthority } from "./certificates.ts";
import { waitFor } from "./stack.ts";

export const secretRef = (name: string): SecretRef => ({ variable: name });

/**
 * A real Patroni with two members and one etcd on loopback addresses, closed everywhere: PostgreSQL takes TLS and SCRAM,
 * or a client's certificate; Patroni's REST API and etcd take TLS with client certificates, and etcd a login as well.
 */
export interface SecuredPatroniRig {
  pods: readonly PodAddress[];
  secrets: Record<string, string>;
  access: Record<"postgres" | "patroni" | "etcd", PartAccess>;
  context(access: Record<string, PartAccess>, parameters?: Record<string, string | number>): SystemContext;
  /** As the superuser, on the primary. */
  sql(text: string): string;
  /** A shell script where PostgreSQL's programs are in PATH, with standard input. */
  shell: NonNullable<SystemContext["execStream"]>;
  stop(): Promise<void>;
}

/** What docs/targets.md asks for. */
export const probeRights = [
  "create role probe login password 'the-probes-own-password'",
  "grant pg_monitor to probe",
  "grant create on schema public to probe",
  "grant execute on function pg_stat_file(text, boolean) to probe",
];

/** Patroni's own way to etcd, without TLS: Debian's Python lacks what Patroni checks certificates with (python3-idna). */
const plainPort = 23_790;
const selectors = { postgres: "application=spilo", etcd: "app=etcd" };

export async function startSecuredPatroniRig(): Promise<SecuredPatroniRig> {
  const programs = postgresPrograms() ?? "";
  const directory = mkdtempSync(join(tmpdir(), "aftershock-test-"));
  const base = `127.${20 + Math.floor(Math.random() * 200)}.${Math.floor(Math.random() * 250)}`;
  const pod = (name: string, last: number, labels: Record<string, string>): PodAddress => ({
    name,
    namespace: "database",
    uid: `${name}-uid`,
    host: `${base}.${last}`,
    labels,
    ready: true,
  });
  const members = [0, 1].map((n) => pod(`acid-orders-${n}`, 10 + n, { application: "spilo" }));
  const etcd = pod("etcd-0", 20, { app: "etcd" });
  const [first, second] = members as [PodAddress, PodAddress];
  const [authority, stranger] = await Promise.all([createAuthority("rig"), createAuthority("stranger")]);
  const server = await authority.issue({
    commonName: "database",
    names: members.map(({ name }) => `${name}.orders.database.svc`),
    ips: [...members, etcd].map(({ host }) => host),
  });
  const [client, named, certified] = await Promise.all([
    // etcd's gateway takes no certificate with a common name where it asks for a login.
    authority.issue({}),
    authority.issue({ commonName: "rig-client" }),
    authority.issue({ commonName: "certified" }),
  ]);
  const secrets = {
    PASSWORD: "the-probes-own-password",
    ETCD_PASSWORD: "the-password-of-etcd",
    CA: authority.ca,
    OTHER_CA: stranger.ca,
    CERT: client.cert,
    KEY: client.key,
    NAMED_CERT: named.cert,
    NAMED_KEY: named.key,
    CERTIFIED_CERT: certified.cert,
    CERTIFIED_KEY: certified.key,
  };
  const [, , uid, gid] =
    readFileSync("/etc/passwd", "utf8")
      .split("\n")
      .map((line) => line.split(":"))
      .find(([name]) => name === "postgres") ?? [];
  const identity = process.getuid?.() === 0 ? { uid: Number(uid), gid: Number(gid) } : {};
  const own = (path: string): string => {
    if (identity.uid !== undefined) chownSync(path, identity.uid, identity.gid ?? 0);
    return path;
  };
  own(directory);
  const file = (name: string, text: string): string => {
    const path = join(directory, name);
    writeFileSync(path, text, { mode: 0o600 });
    return own(path);
  };
  const ca = file("ca.pem", authority.ca);
  const cert = file("cert.pem", server.cert);
  const key = file("key.pem", server.key);
  const env = { PATH: `${programs}:/usr/local/bin:/usr/bin:/bin`, LC_ALL: "C.UTF-8", HOME: directory };
  const children: ChildProcess[] = [];
  const start = (program: string, args: readonly string[]): void => {
    children.push(spawn(program, args, { ...identity, cwd: "/", env, stdio: "ignore" }));
  };
  const etcdUrl = `https://${etcd.host}:2379`;
  const etcdctl = (...args: string[]): boolean =>
    spawnSync("etcdctl", ["--endpoints", etcdUrl, "--cacert", ca, "--cert", cert, "--key", key, ...args], {
      env: { ...env, ETCDCTL_API: "3" },
      timeout: 5000,
    }).status === 0;
  const configOf = ({ name, host }: PodAddress): string => `
scope: orders
name: ${name}
restapi: { listen: "${host}:8008", connect_address: "${host}:8008", certfile: ${cert}, keyfile: ${key}, cafile: ${ca}, verify_client: required }
ctl: { cacert: ${ca}, certfile: ${cert}, keyfile: ${key} }
etcd3: { hosts: "${etcd.host}:${plainPort}", username: patroni, password: ${secrets.ETCD_PASSWORD} }
bootstrap:
  dcs: { ttl: 20, loop_wait: 1, retry_timeout: 3, postgresql: { parameters: { shared_buffers: 32MB, max_connections: 40 } } }
  initdb: [ encoding: UTF8, locale: C.UTF-8, no-sync ]
postgresql:
  listen: "${host}:5432"
  connect_address: "${host}:5432"
  data_dir: ${join(directory, name)}
  bin_dir: ${programs}
  pgpass: ${join(directory, `${name}.pgpass`)}
  parameters: { unix_socket_directories: "", ssl: "on", ssl_cert_file: ${cert}, ssl_key_file: ${key}, ssl_ca_file: ${ca}, fsync: "off" }
  pg_hba:
    - hostssl all certified 127.0.0.0/8 cert
    - hostssl all all 127.0.0.0/8 scram-sha-256
    - hostssl replication standby 127.0.0.0/8 scram-sha-256
  authentication:
    superuser: { username: postgres, password: admin-of-the-rig, sslmode: require }
    replication: { username: standby, password: standby-of-the-rig, sslmode: require }
`;
  const psql = (host: string, text: string): string => {
    const url = `host=${host} user=postgres dbname=postgres sslmode=require connect_timeout=2`;
    const ran = spawnSync("psql", ["-XAtqc", text, url], {
      env: { ...env, PGPASSWORD: "admin-of-the-rig" },
      encoding: "utf8",
      timeout: 10_000,
    });
    return ran.status === 0 ? ran.stdout.trim() : "";
  };
  const stop = async (): Promise<void> => {
    for (const child of children.toReversed()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const gone = once(child, "exit");
      // Patroni stops its PostgreSQL when it is asked to end.
      child.kill("SIGTERM");
      await gone;
    }
    rmSync(directory, { recursive: true, force: true });
  };
  const until = (look: () => boolean): Promise<unknown> => waitFor(async () => look(), Boolean, 40_000);
  try {
    const data = own((mkdirSync(join(directory, "etcd")), join(directory, "etcd")));
    const tls = ["--cert-file", cert, "--key-file", key, "--trusted-ca-file", ca, "--client-cert-auth"];
    const peer = `http://${etcd.host}:2380`;
    const peers = [
      "--listen-peer-urls",
      peer,
      "--initial-advertise-peer-urls",
      peer,
      "--initial-cluster",
      `etcd-0=${peer}`,
    ];
    const plain = `http://${etcd.host}:${plainPort}`;
    const clients = ["--listen-client-urls", `${etcdUrl},${plain}`, "--advertise-client-urls", plain];
    start("etcd", ["--name", "etcd-0", "--data-dir", data, "--unsafe-no-fsync", ...peers, ...clients, ...tls]);
    await until(() => etcdctl("endpoint", "health"));
    const prepared = [
      ["user", "add", "root:root-of-the-rig"],
      ["user", "add", `patroni:${secrets.ETCD_PASSWORD}`],
      ["role", "add", "root"],
      ["role", "add", "patroni"],
      ["role", "grant-permission", "patroni", "readwrite", "--prefix=true", "/service/"],
      ["user", "grant-role", "root", "root"],
      ["user", "grant-role", "patroni", "patroni"],
      ["auth", "enable"],
    ].every((args) => etcdctl(...args));
    if (!prepared) throw new Error("etcd took no users");
    for (const member of members) start("patroni", [file(`${member.name}.yml`, configOf(member))]);
    // A base backup streams, too, under a name of its own.
    const replicas =
      "select count(*) from pg_stat_replication where state = 'streaming' and application_name like 'acid-%'";
    await until(() => [first, second].some(({ host }) => psql(host, replicas) === "1"));
  } catch (error) {
    await stop();
    throw error;
  }
  const sql = (text: string): string => {
    const primary = members.find(({ host }) => psql(host, "select pg_is_in_recovery()") === "f");
    return psql(primary?.host ?? "", text);
  };
  for (const text of [
    ...probeRights,
    "create role certified login",
    "grant pg_monitor to certified",
    "grant create on schema public to certified",
  ])
    sql(text);
  const tls = { ca: secretRef("CA"), verify: "full" } as const;
  const mutual = { ...tls, cert: secretRef("CERT"), key: secretRef("KEY") };
  const shell: SecuredPatroniRig["shell"] = async (_target, [program = "", ...args], { stdin }) => {
    const input = typeof stdin === "string" ? { input: stdin } : {};
    const ran = spawnSync(program, args, { encoding: "utf8", env, timeout: 20_000, ...input });
    return { exitCode: ran.status ?? 1, stdout: ran.stdout, stderr: ran.stderr };
  };
  return {
    pods: [...members, etcd],
    secrets,
    access: {
      postgres: {
        user: "probe",
        password: secretRef("PASSWORD"),
        tls: { ...tls, serverName: "{pod}.orders.{namespace}.svc" },
      },
      patroni: { tls: mutual },
      etcd: { user: "patroni", password: secretRef("ETCD_PASSWORD"), tls: mutual },
    },
    sql,
    shell,
    stop,
    context: (access, parameters = {}) => {
      const target: Target = {
        name: "orders",
        systems: ["patroni"],
        namespace: "database",
        selectors,
        parameters: {},
        access,
      };
      return {
        namespace: "database",
        access: openAccess(target, {
          reach: async ({ host }, port) => ({ host, port }),
          learn: () => undefined,
          readSecret: async (ref) => new Map(Object.entries(secrets)).get("variable" in ref ? ref.variable : "") ?? "",
        }),
        parameters: { scope: "orders", rate: 20, timeout: "2s", ...parameters },
        runId: `run-${Math.floor(Math.random() * 1e6)}`,
        signal: new AbortController().signal,
        log: () => undefined,
        pods: async (asked) => (asked === selectors.postgres ? [...members] : asked === selectors.etcd ? [etcd] : []),
        podsIn: async () => [],
        // There are no pods here: the command runs on the host, which reaches all addresses.
        exec: async (name, command, timeoutMs) => shell({ pod: name }, command, { timeoutMs }),
      };
    },
  };
}
