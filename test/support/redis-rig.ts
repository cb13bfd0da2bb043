import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { plainAccess } from "../../src/probes/access.ts";
import type { PodAddress, SystemContext } from "../../src/probes/system.ts";
import { endChildren } from "./end-children.ts";
import { waitFor } from "./stack.ts";

/** Three real Redis and three real Sentinels on loopback addresses of their own, all with the usual ports. */
export interface RedisRig {
  pods: PodAddress[];
  context(parameters?: Record<string, string | number>): SystemContext;
  cli(pod: string, ...args: string[]): string;
  /** The server process behind a pod. */
  signal(pod: string, name: NodeJS.Signals): void;
  /** Starts a pod's server again. */
  start(pod: string): void;
  stop(): Promise<void>;
}

export async function startRedisRig(): Promise<RedisRig> {
  const directory = mkdtempSync(join(tmpdir(), "aftershock-test-"));
  const base = `127.${20 + Math.floor(Math.random() * 200)}.${Math.floor(Math.random() * 250)}`;
  const pods: PodAddress[] = ["redis", "redis-sentinel"].flatMap((app, group) =>
    [0, 1, 2].map((ordinal) => ({
      name: `${app}-${ordinal}`,
      namespace: "cache",
      uid: `${app}-${ordinal}-uid`,
      host: `${base}.${10 + group * 10 + ordinal}`,
      labels: { app },
      ready: true,
    })),
  );
  const children = new Map<string, ChildProcess>();
  const hostOf = (name: string): string => pods.find((pod) => pod.name === name)?.host ?? name;
  const master = hostOf("redis-0");
  const start = (name: string): void => {
    const host = hostOf(name);
    const folder = join(directory, name);
    mkdirSync(folder, { recursive: true });
    const sentinel = name.startsWith("redis-sentinel");
    const file = join(folder, "conf");
    if (!children.has(name)) {
      writeFileSync(
        file,
        sentinel
          ? `port 26379\nbind ${host}\nprotected-mode no\ndir ${folder}\nsentinel monitor mymaster ${master} 6379 2\nsentinel down-after-milliseconds mymaster 1000\nsentinel failover-timeout mymaster 5000\nsentinel announce-ip ${host}\n`
          : `port 6379\nbind ${host}\nprotected-mode no\ndir ${folder}\nrepl-diskless-sync-delay 0\nsave ""\nreplica-announce-ip ${host}\n${host === master ? "" : `replicaof ${master} 6379\n`}`,
      );
    }
    children.set(name, spawn("redis-server", [file, ...(sentinel ? ["--sentinel"] : [])], { stdio: "ignore" }));
  };
  const run = (host: string, port: number, args: readonly string[]): string =>
    spawnSync("redis-cli", ["-h", host, "-p", String(port), ...args], { encoding: "utf8", timeout: 5000 }).stdout ?? "";
  const cli = (name: string, ...args: string[]): string =>
    run(hostOf(name), name.startsWith("redis-sentinel") ? 26_379 : 6379, args).trim();
  const stop = async (): Promise<void> => {
    await endChildren(children.values());
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    for (const ordinal of [0, 1, 2]) start(`redis-${ordinal}`);
    await waitFor(
      async () => cli("redis-0", "INFO", "replication"),
      (info) => (info.match(/state=online/g) ?? []).length === 2,
      20_000,
    );
    for (const ordinal of [0, 1, 2]) start(`redis-sentinel-${ordinal}`);
    await waitFor(
      async () => [0, 1, 2].map((n) => cli(`redis-sentinel-${n}`, "SENTINEL", "MASTER", "mymaster")).join("\n"),
      (text) =>
        (text.match(/num-slaves\n2/g) ?? []).length === 3 && (text.match(/num-other-sentinels\n2/g) ?? []).length === 3,
      20_000,
    );
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    pods,
    cli,
    start,
    stop,
    signal: (name, signal) => void children.get(name)?.kill(signal),
    context: (parameters = {}) => ({
      namespace: "cache",
      access: plainAccess,
      parameters: { rate: 100, timeout: "500ms", ...parameters },
      runId: `run-${Math.floor(Math.random() * 1e6)}`,
      signal: new AbortController().signal,
      log: () => undefined,
      pods: async (selector = "") =>
        pods.filter(
          ({ labels }) => selector === "" || Object.entries(labels).some((pair) => pair.join("=") === selector),
        ),
      podsIn: async () => [],
      // There are no pods here: the command runs on the host, which reaches all addresses.
      exec: async (_pod, command) => {
        const [program = "", ...args] = command;
        const ran = spawnSync(program, args, { encoding: "utf8", timeout: 5000 });
        return { exitCode: ran.status ?? 1, stdout: ran.stdout, stderr: ran.stderr };
      },
    }),
  };
}
