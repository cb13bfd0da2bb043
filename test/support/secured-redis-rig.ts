import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PodAddress, SystemContext } from "../../src/probes/system.ts";
import { openAccess } from "../../src/targets/open-access.ts";
import type { PartAccess, SecretRef, Target } from "../../src/targets/target.ts";
import { createAuthority } from "./certificates.ts";
import { endChildren } from "./end-children.ts";
import { waitFor } from "./stack.ts";

/** Secrets by name, as references of a target mean them. */
export type Secrets = Record<string, string>;
export const secretRef = (name: string): SecretRef => ({ variable: name });

/**
 * Three real pods' worth of Redis as Bitnami's chart lays them out: a Redis and a Sentinel in each pod, TLS alone with
 * client certificates, passwords (the Sentinels' is another), an ACL user for the probes, and, as root, names in place
 * of addresses. Without root the servers announce addresses: giving them an /etc/hosts of their own takes a mount.
 */
export interface SecuredRedisRig {
  pods: readonly PodAddress[];
  /** Whether Sentinels tell names. */
  hostnames: boolean;
  secrets: Secrets;
  /** What is right for either part. */
  access: { redis: PartAccess; sentinel: PartAccess };
  context(access: Record<string, PartAccess>, parameters?: Record<string, string | number>): SystemContext;
  /** As the administrator. */
  cli(pod: string, part: "redis" | "sentinel", ...args: string[]): string;
  signal(pod: string, part: "redis" | "sentinel", name: NodeJS.Signals): void;
  stop(): Promise<void>;
}

/** The rights that docs/targets.md asks for, on members and on Sentinels. */
export const sentinelRights = "+sentinel +psubscribe +ping allchannels";
export const probeRights =
  "~aftershock:* +info +role +config|get +ping +del +rpush +expire +lindex +lrange +set +get +unlink";

const selector = "app.kubernetes.io/name=redis";
const admin = "admin-of-the-rig";

export async function startSecuredRedisRig(): Promise<SecuredRedisRig> {
  const directory = mkdtempSync(join(tmpdir(), "aftershock-test-"));
  const base = `127.${20 + Math.floor(Math.random() * 200)}.${Math.floor(Math.random() * 250)}`;
  const pods: PodAddress[] = [0, 1, 2].map((ordinal) => ({
    name: `redis-node-${ordinal}`,
    namespace: "cache",
    uid: `redis-node-${ordinal}-uid`,
    host: `${base}.${10 + ordinal}`,
    labels: { "app.kubernetes.io/name": "redis" },
    ready: true,
  }));
  const [authority, stranger] = await Promise.all([createAuthority("rig"), createAuthority("stranger")]);
  const service = (name: string): string => `${name}.redis-headless.cache.svc`;
  const server = await authority.issue({ commonName: "redis", names: pods.map(({ name }) => service(name)) });
  const client = await authority.issue({ commonName: "probe" });
  const secrets: Secrets = {
    PASSWORD: "the-probes-own-password",
    SENTINEL_PASSWORD: "the-sentinels-password",
    CA: authority.ca,
    OTHER_CA: stranger.ca,
    CERT: client.cert,
    KEY: client.key,
  };
  const hostnames = process.getuid?.() === 0;
  const files = { ca: join(directory, "ca.pem"), cert: join(directory, "cert.pem"), key: join(directory, "key.pem") };
  writeFileSync(files.ca, authority.ca);
  writeFileSync(files.cert, server.cert);
  writeFileSync(files.key, server.key);
  const hosts = join(directory, "hosts");
  writeFileSync(hosts, pods.map(({ name, host }) => `${host} ${service(name)}.cluster.local`).join("\n") + "\n");
  const announced = ({ name, host }: PodAddress): string => (hostnames ? `${service(name)}.cluster.local` : host);
  const tls = (port: number): string =>
    `port 0\ntls-port ${port}\ntls-cert-file ${files.cert}\ntls-key-file ${files.key}\ntls-ca-cert-file ${files.ca}\ntls-auth-clients yes\ntls-replication yes\n`;
  const [first] = pods as [PodAddress];
  const children = new Map<string, ChildProcess>();
  const start = (pod: PodAddress, part: "redis" | "sentinel"): void => {
    const folder = join(directory, `${pod.name}-${part}`);
    mkdirSync(folder);
    const file = join(folder, "conf");
    const common = `bind ${pod.host}\nprotected-mode no\ndir ${folder}\n`;
    writeFileSync(
      file,
      part === "redis"
        ? `${common}${tls(6379)}repl-diskless-sync-delay 0\nsave ""\nrequirepass ${admin}\nmasterauth ${admin}\nuser probe on >${secrets["PASSWORD"]} ${probeRights}\nreplica-announce-ip ${announced(pod)}\n${pod === first ? "" : `replicaof ${announced(first)} 6379\n`}`
        : `${common}${tls(26_379)}requirepass ${secrets["SENTINEL_PASSWORD"]}\nsentinel sentinel-pass ${secrets["SENTINEL_PASSWORD"]}\nuser probe on >${secrets["PASSWORD"]} ${sentinelRights}\nuser deaf on >${secrets["PASSWORD"]} +sentinel +psubscribe resetchannels\nsentinel resolve-hostnames yes\nsentinel announce-hostnames ${hostnames ? "yes" : "no"}\nsentinel announce-ip ${announced(pod)}\nsentinel monitor mymaster ${announced(first)} 6379 2\nsentinel auth-pass mymaster ${admin}\nsentinel down-after-milliseconds mymaster 1000\nsentinel failover-timeout mymaster 5000\n`,
    );
    const command = ["redis-server", file, ...(part === "sentinel" ? ["--sentinel"] : [])];
    const script = 'mount --bind "$1" /etc/hosts && shift && exec "$@"';
    const [program = "", ...args] = hostnames
      ? ["unshare", "-m", "sh", "-c", script, "sh", hosts, ...command]
      : command;
    children.set(`${pod.name} ${part}`, spawn(program, args, { stdio: "ignore" }));
  };
  const cli = (name: string, part: "redis" | "sentinel", ...args: string[]): string => {
    const host = pods.find((pod) => pod.name === name)?.host ?? name;
    const [port, password] = part === "redis" ? ["6379", admin] : ["26379", secrets["SENTINEL_PASSWORD"] ?? ""];
    const own = ["--tls", "--cacert", files.ca, "--cert", files.cert, "--key", files.key, "--no-auth-warning"];
    const command = ["-h", host, "-p", port, ...own, "-a", password, ...args];
    return (spawnSync("redis-cli", command, { encoding: "utf8", timeout: 5000 }).stdout ?? "").trim();
  };
  const stop = async (): Promise<void> => {
    await endChildren(children.values());
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    for (const pod of pods) start(pod, "redis");
    await waitFor(
      async () => cli(first.name, "redis", "INFO", "replication"),
      (info) => (info.match(/state=online/g) ?? []).length === 2,
      20_000,
    );
    for (const pod of pods) start(pod, "sentinel");
    await waitFor(
      async () => pods.map(({ name }) => cli(name, "sentinel", "SENTINEL", "MASTER", "mymaster")).join("\n"),
      (text) =>
        (text.match(/num-slaves\n2/g) ?? []).length === 3 && (text.match(/num-other-sentinels\n2/g) ?? []).length === 3,
      20_000,
    );
  } catch (error) {
    await stop();
    throw error;
  }
  const rightTls = {
    ca: secretRef("CA"),
    cert: secretRef("CERT"),
    key: secretRef("KEY"),
    serverName: "{pod}.redis-headless.{namespace}.svc",
    verify: "full",
  } as const;
  return {
    pods,
    hostnames,
    secrets,
    access: {
      redis: { user: "probe", password: secretRef("PASSWORD"), tls: rightTls },
      sentinel: { password: secretRef("SENTINEL_PASSWORD"), tls: rightTls },
    },
    cli,
    stop,
    signal: (pod, part, name) => void children.get(`${pod} ${part}`)?.kill(name),
    context: (access, parameters = {}) => {
      const target: Target = {
        name: "orders",
        systems: ["redis-sentinel"],
        namespace: "cache",
        selectors: { redis: selector, sentinel: selector },
        parameters: {},
        access,
      };
      return {
        namespace: "cache",
        access: openAccess(target, {
          reach: async ({ host }, port) => ({ host, port }),
          learn: () => undefined,
          readSecret: async (ref) => secrets["variable" in ref ? ref.variable : ""] ?? "",
        }),
        parameters: { rate: 50, timeout: "500ms", ...parameters },
        runId: `run-${Math.floor(Math.random() * 1e6)}`,
        signal: new AbortController().signal,
        log: () => undefined,
        pods: async (asked) => (asked === selector ? [...pods] : []),
        podsIn: async () => [],
        // There are no pods here: the command runs on the host, which reaches all addresses.
        exec: async (_pod, [program = "", ...args]) => {
          const ran = spawnSync(program, args, { encoding: "utf8", timeout: 5000 });
          return { exitCode: ran.status ?? 1, stdout: ran.stdout, stderr: ran.stderr };
        },
      };
    },
  };
}
