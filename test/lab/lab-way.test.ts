import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PodAddress } from "../../src/probes/system.ts";
import { launchLab, type LaunchedLab } from "../../src/lab/launch.ts";
import { kubectlOk } from "../support/kubectl.ts";
import { familyOf, processes } from "../support/processes.ts";
import { dialled, endOf, openWatchedWay, type WatchedWay } from "../support/pod-way.ts";

const isRoot = process.getuid?.() === 0;

describe.skipIf(!isRoot)("real servers through the API server", () => {
  let lab: LaunchedLab;
  let open: WatchedWay;
  beforeAll(async () => {
    lab = await launchLab();
    open = openWatchedWay(lab.kubeconfigPath, "port-forward");
  });
  afterAll(async () => {
    await open?.end();
    await lab?.stop();
  });
  const k = (...args: string[]) => kubectlOk(lab.kubeconfigPath, args);
  const podNamed = async (name: string, namespace = "cache"): Promise<PodAddress> =>
    (await open.cluster.pods(namespace)).find((pod) => pod.name === name)!;
  const redisAt = async (name: string): Promise<Redis> =>
    new Redis({ ...(await open.way.reach(await podNamed(name), 6379)), lazyConnect: true, retryStrategy: () => null });

  it("auto is direct here, as this machine reaches the lab's pods", async () => {
    const own = openWatchedWay(lab.kubeconfigPath, "auto");
    const pod = await podNamed("redis-0");
    expect(await own.way.reach(pod, 6379)).toEqual({ host: pod.host, port: 6379 });
    await own.end();
  });

  it("serves Redis on many connections, with values of megabytes both ways", async () => {
    const clients = await Promise.all(Array.from({ length: 20 }, () => redisAt("redis-0")));
    const master = (await clients[0]!.info("replication")).includes("role:master");
    expect(master).toBe(true);
    const value = Buffer.alloc(2 * 1024 * 1024, "x");
    await Promise.all(clients.map((client, index) => client.set(`way:${index}`, value)));
    const back = await Promise.all(clients.map((client, index) => client.getBuffer(`way:${index}`)));
    expect(back.every((got) => got?.equals(value))).toBe(true);
    await clients[0]!.del(...clients.map((_, index) => `way:${index}`));
    for (const client of clients) client.disconnect();
  });

  it("serves PostgreSQL, whose connection ends when the session does", async () => {
    const pod = await podNamed("postgresql-0", "database");
    const at = await open.way.reach(pod, 5432);
    const client = new pg.Client({ ...at, user: "postgres", database: "postgres", connectionTimeoutMillis: 5000 });
    client.on("error", () => undefined);
    await client.connect();
    const { rows } = await client.query<{ n: string }>("select repeat('x', 5000000) as n");
    expect(rows[0]?.n).toHaveLength(5_000_000);
    await client.end();
  });

  it("reaches what listens on a pod's loopback alone, and not what listens on its address alone, as a kubelet does", async () => {
    const pod = await podNamed("redis-sentinel-0");
    const bytes = 3 * 1024 * 1024;
    // Takes all of it, says how much that was, and ends.
    const program = `
import socket, sys
server = socket.create_server((sys.argv[1], int(sys.argv[2])))
while True:
    client, _ = server.accept()
    had = 0
    while had < ${bytes}:
        had += len(client.recv(65536))
    client.sendall(b"had %d" % had)
    client.close()
`;
    const serve = (host: string, port: number) =>
      k("exec", pod.name, "-n", "cache", "--", "timeout", "60", "python3", "-c", program, host, String(port)).catch(
        () => "",
      );
    const serving = [serve("127.0.0.1", 7001), serve(pod.host, 7002)];
    const asked = async (port: number): Promise<string> => {
      const socket = await dialled(await open.way.reach(pod, port));
      let said = "";
      socket.on("data", (chunk) => (said += String(chunk)));
      socket.write(Buffer.alloc(bytes));
      const end = await endOf(socket);
      return `${said} ${end}`;
    };
    let loopback = "";
    await untilTrue(
      () => loopback.startsWith("had "),
      async () => void (loopback = await asked(7001)),
    );
    expect(loopback).toBe(`had ${bytes} end`);
    expect(await asked(7002)).toBe(" ECONNRESET");
    const said = open.logged.findLast((entry) => entry["port"] === 7002)?.["said"];
    expect(said).toMatch(
      /^error forwarding port 7002 to pod redis-sentinel-0, uid \S+: failed to execute portforward in network namespace "\S+": failed to connect to localhost:7002 inside namespace "\S+", IPv4: dial tcp4 127\.0\.0\.1:7002: connect: connection refused IPv6 dial tcp6 \[::1\]:7002: connect: /,
    );
    expect(open.changes).toEqual([]);
    await k("exec", pod.name, "-n", "cache", "--", "pkill", "-f", "create_server");
    await Promise.all(serving);
  });

  it("tells a killed pod from a broken way", async () => {
    const client = await redisAt("redis-2");
    client.on("error", () => undefined);
    await client.ping();
    const closed = once(client, "close");
    await k("delete", "pod", "redis-2", "-n", "cache", "--grace-period=0", "--force", "--wait=false");
    await closed;
    expect(open.changes).toEqual([]);
  });

  it("knows nothing of the pods while the API server is stopped, and says from when to when", async () => {
    const client = await redisAt("redis-0");
    client.on("error", () => undefined);
    await client.ping();
    let closed = false;
    client.once("close", () => (closed = true));
    const stoppedMs = performance.now();
    signalApiServer("SIGSTOP");
    try {
      await untilTrue(() => closed);
      await untilTrue(() => open.changes.some(({ stands }) => !stands));
      // A way that is down refuses its new clients, too, and its first answer afterwards is heard without any.
      expect(await endOf(await dialled(await open.way.reach(await podAt("redis-0"), 6379)))).toBe("ECONNRESET");
    } finally {
      signalApiServer("SIGCONT");
    }
    const continuedMs = performance.now();
    await untilTrue(() => open.changes.at(-1)?.stands === true);
    const [down, up] = [open.changes[0]!, open.changes.at(-1)!];
    expect(down).toMatchObject({ stands: false, pod: "cache/redis-0" });
    expect(down.atMs).toBeLessThan(stoppedMs + 2000);
    expect(up.atMs).toBeGreaterThan(continuedMs);
    const again = await redisAt("redis-0");
    expect(await again.ping()).toBe("PONG");
    again.disconnect();
  });

  it("is down when the API server is gone, though the pods were not asked", async () => {
    const from = open.changes.length;
    const client = await redisAt("redis-0");
    client.on("error", () => undefined);
    await client.ping();
    await lab.stop();
    await untilTrue(() => open.changes.slice(from).some(({ stands }) => !stands));
    client.disconnect();
  });

  /** The lab's own process, in which the API server is; not its launcher, nor what runs in pods. */
  function signalApiServer(signal: "SIGSTOP" | "SIGCONT"): void {
    const all = processes();
    const own = familyOf(lab.pid).filter((pid) => / --inner( |$)/.test(all.get(pid) ?? ""));
    expect(own).not.toEqual([]);
    for (const pid of own) process.kill(pid, signal);
  }

  /** Known before the API server stopped. */
  const known = new Map<string, PodAddress>();
  async function podAt(name: string): Promise<PodAddress> {
    return known.get(name)!;
  }
  beforeAll(async () => known.set("redis-0", await podNamed("redis-0")));
});

async function untilTrue(holds: () => boolean, look: () => Promise<void> = async () => undefined): Promise<void> {
  const end = performance.now() + 30_000;
  for (await look(); !holds(); await look()) {
    if (performance.now() > end) throw new Error("it did not come to hold within 30 s");
    await sleep(50);
  }
}
