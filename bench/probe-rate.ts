import { monitorEventLoopDelay } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { openCluster } from "../src/cluster/kubernetes.ts";
import type { Cluster } from "../src/cluster/port.ts";
import { loadExperiments } from "../src/experiment/load.ts";
import type { Experiment } from "../src/experiment/schema.ts";
import { slippedSchedule } from "../src/findings/schedule-rule.ts";
import { launchLab } from "../src/lab/launch.ts";
import { etcd } from "../src/probes/etcd.ts";
import { openEndpoint } from "../src/probes/etcd/endpoint.ts";
import { base64, clientPort } from "../src/probes/etcd/http.ts";
import { patroni } from "../src/probes/patroni.ts";
import { createRecorder } from "../src/probes/recorder.ts";
import { redisSentinel } from "../src/probes/redis-sentinel.ts";
import type { SystemAdapter, SystemContext } from "../src/probes/system.ts";
import { plainAccess } from "../src/probes/access.ts";
import { systemContext } from "../src/run/systems.ts";
import { sayer } from "./scale/write.ts";

/**
 * Whether one process keeps 2,000 operations a second a run, over all clients, with every probe of the system running
 * beside them: schedule, event loop and processor time, beside what the same servers give at most in the same minute.
 * Run: npx tsx bench/probe-rate.ts [SYSTEM…] [--total 2000] [--seconds 10] [--write docs/scale.md]
 */
interface Case {
  adapter: SystemAdapter;
  experiment: string;
  /** The most that the servers give, measured at once, in words. */
  limit(context: SystemContext, leading: string): Promise<string>;
}

const limitSeconds = 5;

const cases: readonly Case[] = [
  {
    adapter: redisSentinel,
    experiment: "redis-failover",
    limit: async ({ exec }, master) => {
      const { stdout } = await exec(master, ["redis-benchmark", "-n", "50000", "-c", "2", "-q", "-t", "rpush"], 60_000);
      return `redis-benchmark in ${master}, 2 connections: ${stdout.split("\r").at(-1)?.trim()}`;
    },
  },
  {
    adapter: etcd,
    experiment: "etcd-quorum-loss",
    limit: async ({ pods }) => {
      const [first] = (await pods()).filter(({ labels }) => labels["app"] === "etcd");
      const to = openEndpoint({ host: first?.host ?? "", port: clientPort });
      const end = performance.now() + limitSeconds * 1000;
      let puts = 0;
      const worker = async (at: number): Promise<void> => {
        while (performance.now() < end) {
          const body = { key: base64(`bench/${at}`), value: base64("1") };
          await to.call("kv/put", body, { timeoutMs: 5000 });
          puts += 1;
        }
      };
      await Promise.all(Array.from({ length: 32 }, (_unused, at) => worker(at)));
      await to.close();
      return `closed loop of puts, 32 at a time, from this process: ${(puts / limitSeconds).toFixed(0)} a second`;
    },
  },
  {
    adapter: patroni,
    experiment: "patroni-failover",
    limit: async ({ exec }, primary) => {
      const script =
        "psql -U postgres -qc 'create table bench (n int)' && " +
        "echo 'insert into bench values (1);' > /tmp/bench.sql && " +
        `pgbench -U postgres -n -f /tmp/bench.sql -c 2 -T ${limitSeconds} postgres; psql -U postgres -qc 'drop table bench'`;
      const { stdout, stderr } = await exec(primary, ["sh", "-c", script], 60_000);
      const found = /tps = [\d.]+/.exec(stdout)?.[0] ?? stderr.trim();
      return `pgbench in ${primary}, one insert a transaction, 2 connections: ${found}`;
    },
  },
];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    total: { type: "string", default: "2000" },
    seconds: { type: "string", default: "10" },
    write: { type: "string" },
  },
});
const total = Number(values.total);
const { say, write } = sayer();
const seconds = Number(values.seconds);

async function measure({ adapter, experiment: name, limit }: Case, cluster: Cluster, experiment: Experiment) {
  const defaults = Object.fromEntries(
    Object.entries(experiment.parameters).map(([parameter, { default: value }]) => [parameter, value]),
  );
  const signal = new AbortController().signal;
  const contextAt = (rate: number): SystemContext =>
    systemContext({
      cluster,
      access: plainAccess,
      namespace: String(defaults["namespace"]),
      parameters: { ...defaults, rate, timeout: "2s" },
      runId: "bench-1",
      signal,
      log: () => undefined,
    });
  const counted = await adapter.open(contextAt(1));
  const clients = (await counted.describe()).clients.length;
  await counted.close();
  const rate = Math.ceil(total / clients);
  const context = contextAt(rate);
  const session = await adapter.open(context);
  const recorder = createRecorder({
    type: "header",
    schemaVersion: 1,
    run: "bench-1",
    experiment: name,
    system: adapter.name,
    zeroAt: new Date().toISOString(),
    ...(await session.describe()),
  });
  const leading = Object.values((await session.topology()).groups)[0]?.[0] ?? "";
  const loop = monitorEventLoopDelay({ resolution: 1 });
  loop.enable();
  const cpuBefore = process.cpuUsage();
  const startedMs = recorder.now();
  const probes = await session.start(recorder);
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  await probes.stop();
  const cpu = process.cpuUsage(cpuBefore);
  const tookMs = recorder.now() - startedMs;
  loop.disable();
  const history = recorder.history();
  await session.cleanUp();
  say(`\n${adapter.name}: ${clients} clients, ${rate} a second each, for ${seconds} s`);
  for (const report of history.schedules) {
    say(
      `  ${report.client}: planned ${report.planned}, sent ${report.sent}, not sent ${report.notSent}, late p99 ${report.lateP99Ms.toFixed(2)} ms, max ${report.lateMaxMs.toFixed(2)} ms`,
    );
  }
  const ok = history.operations.filter(({ outcome }) => outcome === "ok").length;
  const errors = new Map<string, number>();
  for (const { client, error } of history.operations) {
    if (error !== undefined) errors.set(`${client} ${error}`, (errors.get(`${client} ${error}`) ?? 0) + 1);
  }
  const share = (cpu.user + cpu.system) / 10 / tookMs;
  say(
    `  ${ok} of ${history.operations.length} ok; event-loop delay p99 ${(loop.percentile(99) / 1e6).toFixed(2)} ms; this process used ${share.toFixed(0)} % of a core`,
  );
  if (errors.size > 0) say(`  errors: ${[...errors].map(([what, times]) => `${what} × ${times}`).join(", ")}`);
  say(`  the report says: ${slippedSchedule({ history })?.title ?? "nothing, the schedule was kept"}`);
  say(`  limit, same servers: ${await limit(context, leading)}`);
  await session.close();
}

const lab = await launchLab();
try {
  const cluster = openCluster({ name: "lab", kubeconfig: lab.kubeconfigPath });
  const experiments = await loadExperiments("jobs");
  for (const one of cases) {
    if (positionals.length > 0 && !positionals.includes(one.adapter.name)) continue;
    const experiment = experiments.find((candidate) => candidate.name === one.experiment);
    if (experiment !== undefined) await measure(one, cluster, experiment);
  }
  await cluster.close();
} finally {
  await lab.stop();
}
write(values.write, "probe rate");
