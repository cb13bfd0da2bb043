import type { Actor } from "../../src/run/service.ts";
import { isAftershockError, messageOf } from "../../src/errors.ts";
import { openCluster } from "../../src/cluster/kubernetes.ts";
import { redisSentinel } from "../../src/probes/redis-sentinel.ts";
import { openDatabase } from "../../src/store/database.ts";
import { dispatchRig } from "../../test/support/dispatch-rig.ts";
import { costOf, latencies } from "./cost.ts";
import type { Figure } from "./figures.ts";

const codeOf = (error: unknown): string => (isAftershockError(error) ? error.code : messageOf(error));

/**
 * Dry runs all at once through the dispatcher, the real services and the real adapter, on the lab's Redis; beside them the
 * same number of `/chaos list`, which asks neither cluster nor system, so that what is left is what planning costs, and of
 * `/chaos status`, which asks the database.
 */
export async function measureDryRuns(where: {
  postgresUrl: string;
  kubeconfig: string;
  count: number;
}): Promise<Array<Omit<Figure, "load">>> {
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
    const measure = async (text: string): Promise<Omit<Figure, "load">> => {
      await dispatcher.command(text, actor).catch(() => undefined);
      const before = { ...costOf(process.pid), statements };
      let peakMiB = before.rssMiB;
      const watch = setInterval(() => (peakMiB = Math.max(peakMiB, costOf(process.pid).rssMiB)), 50);
      const refused: string[] = [];
      const startedAt = performance.now();
      const tookMs = await Promise.all(
        Array.from({ length: where.count }, async () => {
          const at = performance.now();
          // On a machine that is busy enough, members do not answer in time: that is an answer, too.
          await dispatcher.command(text, actor).catch((error: unknown) => void refused.push(codeOf(error)));
          return performance.now() - at;
        }),
      );
      const allMs = performance.now() - startedAt;
      clearInterval(watch);
      const cpuMs = costOf(process.pid).cpuMs - before.cpuMs;
      return {
        what: `${where.count} × /chaos ${text} at once`,
        value: [
          `all after ${(allMs / 1000).toFixed(2)} s, ${refused.length === 0 ? "none refused" : `${refused.length} refused (${[...new Set(refused)].join(", ")})`}; ${latencies(tookMs)};`,
          `${(cpuMs / where.count).toFixed(1)} ms CPU and ${((statements - before.statements) / where.count).toFixed(1)} statements each;`,
          `RSS ${before.rssMiB.toFixed(0)} MiB before, ${peakMiB.toFixed(0)} MiB at most`,
        ].join(" "),
      };
    };
    return [await measure("status"), await measure("list"), await measure("run redis-split-brain --dry-run")];
  } finally {
    await cluster.close();
    await database.end();
  }
}
