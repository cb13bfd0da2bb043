import { spawn } from "node:child_process";
import { parseArgs } from "node:util";
import { Redis } from "ioredis";
import { openCluster } from "../src/cluster/kubernetes.ts";
import type { WayIn } from "../src/cluster/port.ts";
import { launchLab } from "../src/lab/launch.ts";
import type { PodAddress } from "../src/probes/system.ts";

/**
 * What the way through the API server costs beside a pod's own address, on one Redis in the same minute: latency of a PING
 * on a quiet connection, and megabytes a second in values of 1 MB each way. kubectl port-forward is measured with them
 * where the cluster speaks SPDY, which the lab does not.
 * Run: npx tsx bench/port-forward.ts [--kubeconfig FILE --namespace cache --pod redis-0] [--seconds 5]
 */
const { values } = parseArgs({
  options: {
    kubeconfig: { type: "string" },
    namespace: { type: "string", default: "cache" },
    pod: { type: "string", default: "redis-0" },
    seconds: { type: "string", default: "5" },
  },
});
const seconds = Number(values.seconds);
const redisPort = 6379;
const valueBytes = 1024 * 1024;

interface Open {
  host: string;
  port: number;
  close(): Promise<void>;
}

async function byWay(kubeconfig: string, reach: WayIn): Promise<Open> {
  const cluster = openCluster({ name: "bench", kubeconfig, reach });
  const over = new AbortController();
  const close = async (): Promise<void> => {
    over.abort();
    await cluster.close();
  };
  const pod = (await cluster.pods(values.namespace)).find(({ name }: PodAddress) => name === values.pod);
  if (pod === undefined) throw new Error(`there is no pod ${values.pod} in ${values.namespace}`);
  const way = cluster.openWay({ signal: over.signal, log: () => undefined });
  return { ...(await way.reach(pod, redisPort)), close };
}

/** Rejects with what kubectl says. */
async function byKubectl(kubeconfig: string): Promise<Open> {
  const args = ["port-forward", "-n", values.namespace, `pod/${values.pod}`, `:${redisPort}`];
  const child = spawn(process.env["KUBECTL"] ?? "kubectl", args, { env: { ...process.env, KUBECONFIG: kubeconfig } });
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString("utf8")));
  const port = await new Promise<number>((resolve, reject) => {
    child.stdout.on("data", (chunk: Buffer) => {
      const found = /127\.0\.0\.1:(\d+)/.exec(chunk.toString("utf8"))?.[1];
      if (found !== undefined) resolve(Number(found));
    });
    child.once("error", reject);
    child.once("close", () => reject(new Error(errors.trim())));
  });
  return { host: "127.0.0.1", port, close: async () => void child.kill() };
}

async function measure({ host, port }: Open): Promise<string> {
  const client = new Redis({ host, port, lazyConnect: true, retryStrategy: () => null });
  await client.connect();
  const key = "aftershock:bench";
  const value = Buffer.alloc(valueBytes, "x");
  const tookMs: number[] = [];
  await forSeconds(async () => {
    const from = performance.now();
    await client.ping();
    tookMs.push(performance.now() - from);
  });
  const up = await forSeconds(() => client.set(key, value));
  const down = await forSeconds(() => client.getBuffer(key));
  await client.del(key);
  client.disconnect();
  tookMs.sort((a, b) => a - b);
  const at = (share: number): string => (tookMs[Math.floor(tookMs.length * share)] ?? 0).toFixed(2);
  return `PING p50 ${at(0.5)} ms, p99 ${at(0.99)} ms (${tookMs.length}); to the pod ${up.toFixed(0)} MB/s, from it ${down.toFixed(0)} MB/s`;
}

/** How often a second. */
async function forSeconds(work: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  let done = 0;
  while (performance.now() - from < seconds * 1000) {
    await work();
    done += 1;
  }
  return (done * 1000) / (performance.now() - from);
}

const lab = values.kubeconfig === undefined ? await launchLab() : null;
const kubeconfig = values.kubeconfig ?? lab?.kubeconfigPath ?? "";
const ways: ReadonlyArray<[string, () => Promise<Open>]> = [
  ["direct", () => byWay(kubeconfig, "direct")],
  ["port-forward", () => byWay(kubeconfig, "port-forward")],
  ["kubectl port-forward", () => byKubectl(kubeconfig)],
];
for (const [name, open] of ways) {
  try {
    const way = await open();
    console.log(`${name}: ${await measure(way)}`);
    await way.close();
  } catch (error) {
    console.log(`${name}: not measured: ${error instanceof Error ? error.message : String(error)}`);
  }
}
await lab?.stop();
