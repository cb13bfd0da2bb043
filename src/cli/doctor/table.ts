import { messageOf } from "../../errors.ts";
import type { Asked, AskedCluster, Check, ClusterCheck } from "./asked.ts";
import { apiServer } from "./cluster/api-server.ts";
import { chaosKindsServed, controller } from "./cluster/chaos-mesh.ts";
import { describedTargets } from "./cluster/described-targets.ts";
import { logins } from "./cluster/logins.ts";
import { architecture, daemons, targets } from "./cluster/nodes.ts";
import { rights } from "./cluster/rights.ts";
import { wrong } from "./line.ts";
import { clocks } from "./servers/clocks.ts";
import { configuration, node } from "./servers/machine.ts";
import { postgres } from "./servers/postgres.ts";
import { redis } from "./servers/redis.ts";
import { grafana, isShownElsewhere, traces } from "./servers/telemetry.ts";
import { isWatched, watching } from "./servers/watching.ts";
import { approvers } from "./slack/approvers.ts";
import { botToken } from "./slack/bot-token.ts";
import { channels } from "./slack/channels.ts";
import { secondSecret } from "./slack/second-secret.ts";

/** What is looked at on each cluster, in the order in which it is said. A new check is a line here. */
const ofCluster: readonly ClusterCheck[] = [
  apiServer,
  rights,
  chaosKindsServed,
  controller,
  targets,
  daemons,
  architecture,
  describedTargets,
  logins,
];

const ofSlack: readonly Check[] = [botToken, secondSecret, channels, approvers];

/** Everything that is looked at. A new check that is about no cluster is a line here. Pure. */
export function checkGroups(asked: Pick<Asked, "config" | "clusters" | "experiments" | "environment">): CheckGroup[] {
  const { config, clusters, experiments } = asked;
  return [
    { title: "Configuration", checks: [configuration, node] },
    ...(config.slack.mode === "none" ? [] : [{ title: "Slack", checks: ofSlack }]),
    { title: "PostgreSQL", checks: [postgres] },
    // A pipeline's runs need no queue.
    ...(config.slack.mode === "none" ? [] : [{ title: "Redis", checks: [redis] }]),
    ...clusters.map((cluster) => ({
      title: `Cluster ${cluster.name}`,
      checks: [unreachable(cluster), ...ofCluster.map((check) => whenReached(cluster, check))],
    })),
    ...clusters
      .filter((cluster) => isWatched(cluster, experiments))
      .map((cluster) => ({ title: `Watching ${cluster.name}`, checks: [watching(cluster)] })),
    ...(isShownElsewhere(asked) ? [{ title: "Grafana and traces", checks: [grafana, traces] }] : []),
    { title: "Clocks", checks: [clocks] },
  ];
}

export interface CheckGroup {
  title: string;
  checks: readonly Check[];
}

/** Says once that a cluster does not answer; then nothing else is said of it. */
function unreachable({ name, survey, version, settings }: AskedCluster): Check {
  return async () => {
    const opened = await survey();
    if (!opened.ok) {
      return [wrong(`The kubeconfig cannot be used: ${opened.why}.`, "See its contexts: kubectl config get-contexts")];
    }
    const reached = await version();
    if (reached.ok) return [];
    const { kubeconfig, context } = settings;
    const options = [
      ...(kubeconfig === undefined ? [] : [`--kubeconfig ${kubeconfig}`]),
      ...(context === undefined ? [] : [`--context ${context}`]),
    ].join(" ");
    return [
      wrong(
        `Cluster ${name} does not answer: ${messageOf(reached.error)}`,
        `kubectl get --raw /readyz ${options}`.trim(),
      ),
    ];
  };
}

function whenReached(cluster: AskedCluster, check: ClusterCheck): Check {
  return async (asked) => {
    const [opened, reached] = await Promise.all([cluster.survey(), cluster.version()]);
    return opened.ok && reached.ok ? check(asked, cluster, opened.value) : [];
  };
}
