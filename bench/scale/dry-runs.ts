import type { Actor } from "../../src/run/service.ts";
import { openCluster } from "../../src/cluster/kubernetes.ts";
import { redisSentinel } from "../../src/probes/redis-sentinel.ts";
import { openDatabase } from "../../src/store/database.ts";
import { dispatchRig } from "../../test/support/dispatch-rig.ts";
import { costOf, latencies } from "./cost.ts";

/**
 * Dry runs all at once through the dispatcher, the real services and the real adapter, on the lab's Redis; beside them the
 * same number of `/chaos list`, which asks neither cluster nor system: what is left is what planning costs.
 */
export async function measureDryRuns(where: {
  postgresUrl: string;
  kubeconfig: string;
  count: number;
}): Promise<string[]> {
  const database = openDatabase(where.postgresUrl, () => undefined);
  let statements = 0;
  database.on("connect", (client) => {
    const query = client.query.bind(client) as (...args: unknown[]) => unknown;
    Object.assign(client, { query: (...args: unknown[]) => ((statements += 1), query(...args)) });
  });
  const cluster = openCluster({ name: "lab", kubeconfig: where.kubeconfig });
  try {
    const { dispatcher } = await dispatchRig(database, "T1", { cluster, systems: [redisSentinel] });
    const actor: Actor = { userId: "U0ALICE", teamId: "T1", channelId: "C1" };
    const measure = async (text: string): Promise<string> => {
      await dispatcher.command(text, actor);
      const before = { ...costOf(process.pid), statements, heap: process.memoryUsage().heapUsed };
      let peakMiB = before.rssMiB;
      const watch = setInterval(() => (peakMiB = Math.max(peakMiB, costOf(process.pid).rssMiB)), 50);
      const startedAt = performance.now();
      const tookMs = await Promise.all(
        Array.from({ length: where.count }, async () => {
          const at = performance.now();
          await dispatcher.command(text, actor);
          return performance.now() - at;
        }),
      );
      const allMs = performance.now() - startedAt;
      clearInterval(watch);
      const cpuMs = costOf(process.pid).cpuMs - before.cpuMs;
      const heapMiB = (process.memoryUsage().heapUsed - before.heap) / 2 ** 20;
      return [
        `${where.count} × /chaos ${text} at once: all after ${(allMs / 1000).toFixed(2)} s; ${latencies(tookMs)};`,
        `${(cpuMs / where.count).toFixed(1)} ms CPU and ${((statements - before.statements) / where.count).toFixed(1)} statements each;`,
        `RSS ${before.rssMiB.toFixed(0)} MiB before, ${peakMiB.toFixed(0)} MiB at most; heap grew by ${heapMiB.toFixed(1)} MiB (not collected)`,
      ].join(" ");
    };
    return [await measure("list"), await measure("run redis-split-brain --dry-run")];
  } finally {
    await cluster.close();
    await database.end();
  }
}
