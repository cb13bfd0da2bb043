import type { Cluster } from "../../src/cluster/port.ts";

/** Asks the pods themselves, from inside, whether all is whole; the sentences say what is not. Empty: whole. */
export type DataPath = (cluster: Cluster) => Promise<string[]>;

/** Every Redis member pings every other from its own pod: a partition shows whatever any object's status says. */
export const redisPath: DataPath = async (cluster) => {
  const pods = await cluster.pods("cache", AbortSignal.timeout(5000), "app=redis");
  if (pods.length < 3) return [`${pods.length} Redis pods`];
  const looks = pods.map(async ({ name }) => {
    const others = pods.filter((pod) => pod.name !== name);
    const script = others
      .map((pod) => `{ timeout 1 redis-cli -h ${pod.host} PING | grep -q PONG || echo ${pod.name}; } &`)
      .join(" ");
    const said = await run(cluster, "cache", name, ["sh", "-c", `${script} wait`]);
    if (typeof said !== "string") return [`${name} cannot be asked: ${said.problem}`];
    return said.split("\n").flatMap((other) => (other === "" ? [] : [`${name} does not reach ${other}`]));
  });
  return (await Promise.all(looks)).flat();
};

/** One master with both replicas' links up: what the next run's guards will want. */
export const redisSteady: DataPath = async (cluster) => {
  const pods = await cluster.pods("cache", AbortSignal.timeout(5000), "app=redis");
  const said = await Promise.all(
    pods.map(({ name }) => run(cluster, "cache", name, ["redis-cli", "INFO", "replication"])),
  );
  const texts = said.filter((answer) => typeof answer === "string");
  const masters = texts.filter((text) => text.includes("role:master") && text.includes("connected_slaves:2"));
  const linked = texts.filter((text) => text.includes("master_link_status:up"));
  return masters.length === 1 && linked.length === 2
    ? []
    : [`${masters.length} masters with two replicas, ${linked.length} replicas linked`];
};

/** Every etcd member answers a linearizable read of its own: held-down members and a lost quorum show. */
export const etcdPath: DataPath = async (cluster) => {
  const pods = await cluster.pods("etcd", AbortSignal.timeout(5000), "app=etcd");
  if (pods.length < 3) return [`${pods.length} etcd pods`];
  const looks = pods.map(async ({ name }) => {
    const said = await run(cluster, "etcd", name, ["etcdctl", "--command-timeout=1s", "get", "chaos/none"]);
    return typeof said === "string" ? [] : [`${name}: ${said.problem}`];
  });
  return (await Promise.all(looks)).flat();
};

async function run(
  cluster: Cluster,
  namespace: string,
  pod: string,
  command: readonly string[],
): Promise<string | { problem: string }> {
  try {
    const { exitCode, stdout, stderr } = await cluster.exec({ namespace, pod }, command, { timeoutMs: 5000 });
    return exitCode === 0 ? stdout : { problem: stderr.trim().split("\n").at(-1) ?? `exit code ${exitCode}` };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

export interface HealingWatch {
  /** When it was first whole after it had last been broken, on performance.now(). Null: it never was broken. */
  healedAtMs(): number | null;
  /** Waits until it is whole; the sentences say what is still broken at the deadline. */
  untilWhole(deadlineMs: number): Promise<string[]>;
  stop(): Promise<void>;
}

const lookEveryMs = 400;

/** Looks at the data path again and again, beside the bot and by a connection of its own. */
export function watchHealing(cluster: Cluster, path: DataPath): HealingWatch {
  let stopped = false;
  let wasBroken = false;
  let healedAtMs: number | null = null;
  let last: string[] = ["not looked at yet"];
  let looks = 0;
  const looking = (async () => {
    while (!stopped) {
      const startedAtMs = performance.now();
      last = await path(cluster).catch((error: unknown) => [String(error)]);
      looks += 1;
      if (last.length > 0) {
        wasBroken = true;
        healedAtMs = null;
      } else if (wasBroken) {
        // Counted from the look's begin: what answers was whole by then or a moment later.
        healedAtMs ??= startedAtMs;
      }
      await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
    }
  })();
  return {
    healedAtMs: () => (wasBroken ? healedAtMs : null),
    untilWhole: async (deadlineMs) => {
      const end = performance.now() + deadlineMs;
      const from = looks;
      while (looks < from + 2 || last.length > 0) {
        if (performance.now() > end) return last;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      return [];
    },
    stop: async () => {
      stopped = true;
      await looking;
    },
  };
}
