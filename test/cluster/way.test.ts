import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import type { Server, Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { isInside } from "../../src/cluster/way/way.ts";
import { KubeConfig } from "@kubernetes/client-node";
import type { PodAddress } from "../../src/probes/system.ts";
import type { PolicyRule } from "../../src/lab/api/access/rbac.ts";
import { kubectlOk } from "../support/kubectl.ts";
import { accountKubeconfig, grantManifest } from "../support/lab-access.ts";
import { redisPod, startTestLab, type TestLab } from "../lab/api/support/lab.ts";
import { dialled, endOf, listenLocally, openWatchedWay, type WatchedWay } from "../support/pod-way.ts";

/** The lab's real API server; its runtime is a double in which the host stands for every pod. */
let lab: TestLab;
let open: WatchedWay;
const servers: Server[] = [];

beforeAll(async () => {
  lab = await startTestLab();
  lab.store.create(redisPod("redis-0", "127.0.0.1", { app: "redis" }));
  open = openWatchedWay(lab.server.kubeconfigPath, "port-forward");
  // A way's first local end also tries whether it may.
  await open.way.reach(await podNamed("redis-0"), 1);
});
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});
afterAll(async () => {
  await open?.end();
  await lab?.close();
});

async function serving(serve: (socket: Socket) => void): Promise<number> {
  const { server, port } = await listenLocally(serve);
  servers.push(server);
  return port;
}
const podNamed = async (name: string): Promise<PodAddress> =>
  (await open.cluster.pods("cache")).find((pod) => pod.name === name)!;
const dial = async (port: number, pod = "redis-0") => dialled(await open.way.reach(await podNamed(pod), port));
const logOf = (word: string) => open.logged.filter((entry) => JSON.stringify(entry).includes(word));

describe("a way to a pod through the API server", () => {
  it("is one local end for each pod and port, and many connections at once", async () => {
    const port = await serving((socket) => socket.pipe(socket));
    const pod = await podNamed("redis-0");
    const ends = await Promise.all([1, 2, 3].map(() => open.way.reach(pod, port)));
    expect(new Set(ends.map((end) => end.port)).size).toBe(1);
    expect(ends[0]!.host).toBe("127.0.0.1");
    expect(ends[0]!.port).not.toBe(port);
    const answers = await Promise.all(
      Array.from({ length: 40 }, async (_, index) => {
        const socket = await dialled(ends[0]!);
        socket.write(`hello ${index}`);
        const [answer] = await once(socket, "data");
        socket.destroy();
        return String(answer);
      }),
    );
    expect(answers).toEqual(Array.from({ length: 40 }, (_, index) => `hello ${index}`));
    expect(open.way.kind()).toBe("port-forward");
  });

  it.each(["to the pod", "from the pod"])(
    "carries 50 MB %s at the pace of whoever reads",
    async (direction) => {
      const sent = randomBytes(50 * 1024 * 1024);
      let handed = 0;
      const send = (socket: Socket): void => {
        const size = 256 * 1024;
        const more = (): void => {
          while (handed < sent.length) {
            const piece = sent.subarray(handed, handed + size);
            handed += piece.length;
            if (!socket.write(piece)) return void socket.once("drain", more);
          }
          socket.end();
        };
        more();
      };
      let accept: (socket: Socket) => void = () => undefined;
      const served = new Promise<Socket>((resolve) => (accept = resolve));
      const port = await serving((socket) => {
        socket.pause();
        accept(socket);
      });
      const [client, server] = await Promise.all([dial(port), served]);
      client.pause();
      const [from, to] = direction === "to the pod" ? [client, server] : [server, client];
      send(from);
      // Nobody reads: the sender must come to a stand, with far less than all of it under way.
      for (let before = -1; handed !== before || handed === 0;) {
        before = handed;
        await sleep(300);
      }
      expect(handed).toBeLessThan(25 * 1024 * 1024);
      const hash = createHash("sha256");
      to.on("data", (chunk: Buffer) => hash.update(chunk));
      let got = 0;
      to.on("data", (chunk: Buffer) => (got += chunk.length));
      to.resume();
      await waitUntil(() => got === sent.length, 60_000);
      expect(hash.digest("hex")).toBe(createHash("sha256").update(sent).digest("hex"));
      client.destroy();
    },
    90_000,
  );

  it("delivers what a pod still says to a client that has sent all, and a pod's end as an end", async () => {
    const port = await serving((socket) => {
      socket.on("data", (asked) => void sleep(300).then(() => socket.end(`late answer to ${String(asked)}`)));
    });
    const socket = await dial(port);
    socket.end("a question");
    let said = "";
    socket.on("data", (chunk) => (said += String(chunk)));
    expect(await endOf(socket)).toBe("end");
    expect(said).toBe("late answer to a question");
  });

  it("tells a pod of a client that has gone", async () => {
    let gone: Promise<unknown> | undefined;
    const port = await serving((socket) => {
      socket.resume();
      gone = once(socket, "end");
    });
    const socket = await dial(port);
    await waitUntil(() => gone !== undefined);
    socket.resetAndDestroy();
    await gone;
  });

  it("resets the client when nobody listens there, and does not call that a broken way", async () => {
    const { server, port } = await listenLocally(() => undefined);
    server.close();
    await once(server, "close");
    expect(await endOf(await dial(port))).toBe("ECONNRESET");
    expect(logOf("connection refused")[0]).toMatchObject({ message: "a port-forward was refused by the pod's node" });
    expect(open.changes).toEqual([]);
  });

  it("never lands on another pod of the same name, nor on one that is gone", async () => {
    const greetings: string[] = [];
    const port = await serving((socket) => {
      socket.on("data", (chunk) => greetings.push(String(chunk)));
      socket.write("welcome");
    });
    lab.store.create(redisPod("redis-9", "127.0.0.1", { app: "redis" }));
    const pod = await podNamed("redis-9");
    const end = await open.way.reach(pod, port);
    const at = { kind: "Pod", namespace: "cache", name: "redis-9" };
    lab.store.remove(at);
    lab.store.create(redisPod("redis-9", "127.0.0.1", { app: "redis" }));
    const replaced = await dialled(end);
    replaced.write("for the old one");
    let heard = "";
    replaced.on("data", (chunk) => (heard += String(chunk)));
    expect(await endOf(replaced)).toBe("ECONNRESET");
    expect([heard, greetings]).toEqual(["", []]);
    expect(logOf("another pod has its name now")).toHaveLength(1);
    lab.store.remove(at);
    expect(await endOf(await dialled(end))).toBe("ECONNRESET");
    expect(logOf("it is gone")).toHaveLength(1);
    expect(open.changes).toEqual([]);
  });

  it("ends with its session, connections and listeners", async () => {
    const port = await serving((socket) => socket.pipe(socket));
    const own = openWatchedWay(lab.server.kubeconfigPath, "port-forward");
    const end = await own.way.reach(await podNamed("redis-0"), port);
    const socket = await dialled(end);
    socket.write("x");
    await once(socket, "data");
    const ended = endOf(socket);
    await own.end();
    expect(await ended).toBe("ECONNRESET");
    await expect(dialled(end)).rejects.toThrow("ECONNREFUSED");
    expect(own.changes).toEqual([]);
  });
});

describe("an account that may not forward", () => {
  const account = { namespace: "cache", name: "reader" };
  const pods = { apiGroups: [""], resources: ["pods"], verbs: ["get", "list"] };
  const forwards = { apiGroups: [""], resources: ["pods/portforward"], verbs: ["get", "create"] };
  it("is told which right is missing, before any client meets a reset; with it, it may", async () => {
    const admin = lab.server.kubeconfigPath;
    const grant = (...rules: object[]) =>
      kubectlOk(admin, ["apply", "-f", "-"], grantManifest(account, "cache", rules as PolicyRule[]));
    await grant(pods);
    const own = openWatchedWay(
      await accountKubeconfig(admin, account, `${lab.directory}/reader.kubeconfig`),
      "port-forward",
    );
    const pod = await podNamed("redis-0");
    const refused = own.way.reach(pod, 6379);
    await expect(refused).rejects.toMatchObject({ code: "cluster_refused" });
    await expect(refused).rejects.toThrow("lacks the right to get pods/portforward in namespace cache");
    await grant(pods, forwards);
    expect(await own.way.reach(pod, 6379)).toMatchObject({ host: "127.0.0.1" });
    await own.end();
  });
});

describe("which way is chosen", () => {
  it("auto: a pod's own address where it answers, or refuses", async () => {
    const own = openWatchedWay(lab.server.kubeconfigPath, "auto");
    const { server, port } = await listenLocally(() => undefined);
    server.close();
    expect(await own.way.reach(await podNamed("redis-0"), port)).toEqual({ host: "127.0.0.1", port });
    expect(own.way.kind()).toBe("direct");
    expect(own.logged[0]).toMatchObject({ message: "pods are dialled at their own addresses", reach: "auto" });
    await own.end();
  });

  it("auto: through the API server when no ready pod's address answers; one that is silent alone proves nothing", async () => {
    const port = await serving((socket) => socket.end("here"));
    // TEST-NET-1 (RFC 5737): nobody is there.
    lab.store.create(redisPod("far-0", "192.0.2.10", { app: "far" }));
    const far = await podNamed("far-0");
    const mixed = openWatchedWay(lab.server.kubeconfigPath, "auto");
    await mixed.way.reach(far, port);
    expect(mixed.way.kind()).toBe("direct");
    await mixed.end();

    lab.store.remove({ kind: "Pod", namespace: "cache", name: "redis-0" });
    const own = openWatchedWay(lab.server.kubeconfigPath, "auto");
    const socket = await dialled(await own.way.reach(far, port));
    expect(String((await once(socket, "data"))[0])).toBe("here");
    expect(own.way.kind()).toBe("port-forward");
    // Remembered for the cluster's next session.
    const from = performance.now();
    const next = own.cluster.openWay({ signal: new AbortController().signal, log: () => undefined });
    await next.reach(far, port);
    expect(next.kind()).toBe("port-forward");
    expect(performance.now() - from).toBeLessThan(1000);
    await own.end();
  });

  it("knows a pod's service account from a kubeconfig", () => {
    const config = new KubeConfig();
    process.env["KUBERNETES_SERVICE_HOST"] = "10.0.0.1";
    config.loadFromCluster();
    delete process.env["KUBERNETES_SERVICE_HOST"];
    expect(isInside(config)).toBe(true);
    config.loadFromFile(lab.server.kubeconfigPath);
    expect(isInside(config)).toBe(false);
  });
});

async function waitUntil(holds: () => boolean, withinMs = 20_000): Promise<void> {
  const end = performance.now() + withinMs;
  while (!holds()) {
    if (performance.now() > end) throw new Error("it did not come to hold in time");
    await sleep(20);
  }
}
