import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchLab, type LaunchedLab } from "../../src/lab/launch.ts";
import { kubectlOk, kubectlProgram } from "../support/kubectl.ts";
import { dialled, openWatchedWay } from "../support/pod-way.ts";
import { waitFor } from "../support/stack.ts";

const idleAfterMs = 3000;

describe.skipIf(process.getuid?.() !== 0)("systems of the lab that nobody uses", () => {
  let lab: LaunchedLab;
  beforeAll(async () => {
    lab = await launchLab({ idleAfterMs });
  });
  afterAll(() => lab?.stop());

  const k = (...args: string[]) => kubectlOk(lab.kubeconfigPath, args);
  const etcdctl = async (...args: string[]) =>
    (await k("exec", "etcd-0", "-n", "etcd", "--", "etcdctl", ...args)).trim();
  /** Pods of a namespace, asked for across all namespaces: a question for none of them. */
  const podsIn = async (namespace: string): Promise<string[]> =>
    (await k("get", "pods", "-A", "-o", "jsonpath={range .items[*]}{.metadata.namespace}/{.metadata.name} {end}"))
      .split(" ")
      .filter((name) => name.startsWith(`${namespace}/`));
  const untilStopped = (namespace: string) =>
    waitFor(
      () => podsIn(namespace),
      (pods) => pods.length === 0,
      40_000,
    );
  /** It would have stopped by the end of this if it counted as idle. */
  const stays = async (namespace: string, pods: number): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve, 2 * idleAfterMs));
    expect(await podsIn(namespace)).toHaveLength(pods);
  };

  /** Null where it stopped between the question and the connection, which a machine that stalls can do. */
  const connectToEtcd = async () => {
    const host = await k("get", "pod", "etcd-1", "-n", "etcd", "-o", "jsonpath={.status.podIP}");
    const socket = connect({ host, port: 2379 });
    return await once(socket, "connect").then(
      () => socket,
      () => null,
    );
  };

  it("stop, keep their volumes, and come back at the next question with what they held", async () => {
    await etcdctl("put", "kept", "through the night");
    expect(await podsIn("etcd")).toHaveLength(3);
    await untilStopped("etcd");
    expect(await k("get", "pvc", "-A")).toMatch(/etcd\s+data-etcd-2\s+Bound/);
    // Redis is there from the start, and stays.
    expect(await podsIn("cache")).toHaveLength(6);
    const askedMs = performance.now();
    // An exec is a question too; nothing else wakes it first.
    expect(await etcdctl("get", "kept", "--print-value-only")).toBe("through the night");
    // Not the time that a killed pod stays away, which stands for a reschedule.
    expect(performance.now() - askedMs).toBeLessThan(20_000);
    expect(await podsIn("etcd")).toHaveLength(3);
  });

  it("go on while a client is connected, and stop when it has left", async () => {
    const socket = await waitFor(connectToEtcd, (made) => made !== null, 20_000);
    await stays("etcd", 3);
    socket?.destroy();
    await untilStopped("etcd");
  });

  it("go on while a client is connected through the API server, which the pod sees on its own loopback", async () => {
    const open = openWatchedWay(lab.kubeconfigPath, "port-forward");
    const pod = (await open.cluster.pods("etcd")).find(({ name }) => name === "etcd-1")!;
    const socket = await dialled(await open.way.reach(pod, 2379));
    socket.write("GET /health HTTP/1.1\r\nHost: etcd\r\n\r\n");
    expect(String((await once(socket, "data"))[0])).toMatch(/^HTTP\/1.1 200/);
    await stays("etcd", 3);
    socket.destroy();
    await open.end();
    await untilStopped("etcd");
  });

  it("go on while a chaos object is there, and while somebody watches", async () => {
    const chaos = {
      apiVersion: "chaos-mesh.org/v1alpha1",
      kind: "PodChaos",
      metadata: { name: "down", namespace: "default" },
      spec: {
        action: "pod-failure",
        mode: "one",
        selector: { namespaces: ["etcd"], labelSelectors: { app: "etcd" } },
        duration: "10m",
      },
    };
    await k("get", "pods", "-n", "etcd");
    await kubectlOk(lab.kubeconfigPath, ["apply", "-f", "-"], JSON.stringify(chaos));
    await stays("etcd", 3);
    const watch = spawn(kubectlProgram(), ["get", "pods", "-n", "etcd", "-w"], {
      env: { ...process.env, KUBECONFIG: lab.kubeconfigPath },
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(watch.stdout, "data");
    await k("delete", "podchaos", "down", "-n", "default");
    await stays("etcd", 3);
    watch.kill();
    await untilStopped("etcd");
  });

  it("PostgreSQL, too, is there again with its rows, one primary and two replicas", async () => {
    const psql = async (sql: string) =>
      (await k("exec", "postgresql-0", "-n", "database", "--", "psql", "-U", "postgres", "-Atc", sql)).trim();
    await psql("drop table if exists kept; create table kept as select generate_series(1, 1000) as n");
    await untilStopped("database");
    expect(await psql("select count(*), sum(n) from kept")).toBe("1000|500500");
    const roles = await k("get", "pods", "-n", "database", "-l", "app=postgresql", "-L", "role");
    expect(roles.match(/ master\s*$/gm)).toHaveLength(1);
    expect(roles.match(/ replica\s*$/gm)).toHaveLength(2);
  });
});
