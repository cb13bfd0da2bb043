import { openCluster } from "../../cluster/kubernetes.ts";
import type { Cluster } from "../../cluster/port.ts";
import { loadConfigFile } from "../../config/load.ts";
import type { Environment } from "../../config/secret.ts";
import type { Config } from "../../config/schema.ts";
import { AftershockError, messageOf } from "../../errors.ts";
import { discover, isCovered } from "../../targets/discover.ts";
import { isComplete, lookAt, type LookTools, type TargetLook } from "../../targets/look.ts";
import type { Target } from "../../targets/target.ts";
import type { Terminal } from "../cli-command.ts";
import { lookTools } from "./look-tools.ts";
import { clusterText } from "./words.ts";

/** What was seen of one cluster's targets. */
export interface ClusterLook {
  cluster: string;
  targets: readonly TargetLook[];
  /** Instances in the same namespaces that no target is about. */
  others: ReadonlyArray<{ preset: string; instance: string; namespace: string }>;
}

/** `aftershock targets --config FILE`. Resolves to the exit code: 0 when all is there. */
export async function lookAtConfigured(
  asked: { file: string; cluster: string | undefined; format: "text" | "json" },
  terminal: Terminal,
): Promise<number> {
  const { clusters } = loadConfigFile(asked.file);
  const named = clustersOf(clusters, asked.cluster);
  const looks = await Promise.all(named.map(([name, cluster]) => lookOnce(name, cluster, terminal.env)));
  if (asked.format === "json") terminal.out(`${JSON.stringify({ clusters: looks }, null, 2)}\n`);
  else terminal.out(looks.map(clusterText).join("\n"));
  return looks.every(({ targets }) => targets.every(isComplete)) ? 0 : 1;
}

function clustersOf(
  clusters: Config["clusters"],
  typed: string | undefined,
): Array<[string, Config["clusters"][string]]> {
  const all = Object.entries(clusters);
  const named = typed === undefined ? all : all.filter(([name]) => name === typed);
  if (named.length > 0) return named;
  throw new AftershockError(
    "bad_command",
    `There is no cluster "${typed}".`,
    `Known clusters: ${Object.keys(clusters).join(", ")}.`,
  );
}

async function lookOnce(
  name: string,
  settings: Config["clusters"][string],
  environment: Environment,
): Promise<ClusterLook> {
  const { targets } = settings;
  if (targets.length === 0) return { cluster: name, targets: [], others: [] };
  return withLookTools(name, settings, environment, (tools) => lookWith(name, targets, tools));
}

/** Opens a cluster for as long as somebody looks. One that cannot be opened answers everything with the reason. */
export async function withLookTools<T>(
  name: string,
  { kubeconfig, context }: Pick<Config["clusters"][string], "kubeconfig" | "context">,
  environment: Environment,
  work: (tools: LookTools) => Promise<T>,
): Promise<T> {
  let cluster: Cluster | undefined;
  try {
    cluster = openCluster({
      name,
      ...(kubeconfig === undefined ? {} : { kubeconfig }),
      ...(context === undefined ? {} : { context }),
    });
  } catch (error) {
    // Without its kubeconfig a cluster's targets are listed all the same.
    const refused = new Error(messageOf(error));
    const none = { pods: () => Promise.reject(refused), getSecret: () => Promise.reject(refused) };
    return work(lookTools(none, environment));
  }
  try {
    return await work(lookTools(cluster, environment));
  } finally {
    await cluster.close();
  }
}

async function lookWith(name: string, targets: readonly Target[], tools: LookTools): Promise<ClusterLook> {
  const namespaces = [...new Set(targets.map(({ namespace }) => namespace))];
  const [looks, found] = await Promise.all([
    Promise.all(targets.map((target) => lookAt(target, tools))),
    Promise.all(namespaces.map(async (namespace) => discover(namespace, await tools.pods(namespace).catch(() => [])))),
  ]);
  const others = found
    .flat()
    .filter((one) => !isCovered(one, targets))
    .map(({ preset, instance, namespace }) => ({ preset: preset.name, instance, namespace }));
  return { cluster: name, targets: looks, others };
}
