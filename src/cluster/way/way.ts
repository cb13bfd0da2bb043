import type { KubeConfig } from "@kubernetes/client-node";
import type { PodAddress } from "../../probes/system.ts";
import type { Calls } from "../calls.ts";
import type { Cluster, PodWay, ReachMode, WayIn, WayOptions } from "../port.ts";
import { findWay, type WayMemory } from "./decide.ts";
import { createWayHealth } from "./health.ts";
import { openTunnel } from "./tunnel.ts";

export interface WayTools {
  cluster: string;
  mode: ReachMode;
  config: KubeConfig;
  calls: Calls;
  memory: WayMemory;
  pods: Cluster["pods"];
}

/** Opens the way of one session; by which way it goes is decided at its first pod, and stays. */
export function openWay(tools: WayTools, { signal, log }: WayOptions): PodWay {
  const health = createWayHealth(log);
  const tunnel = openTunnel({ ...tools, health, log, signal });
  let kind: WayIn | null = null;
  let deciding: Promise<WayIn> | undefined;
  const decide = async (pod: PodAddress, port: number): Promise<WayIn> => {
    if (tools.mode !== "auto") return tools.mode;
    // The pod's own service account: this is one of the cluster's pods.
    if (isInside(tools.config)) return "direct";
    return findWay(tools.memory, pod, port, () => tools.pods(pod.namespace, signal));
  };
  return {
    kind: () => kind,
    reach: async (pod, port) => {
      deciding ??= decide(pod, port).then((decided) => {
        log(
          decided === "direct" ? "pods are dialled at their own addresses" : "pods are reached through the API server",
          {
            cluster: tools.cluster,
            reach: tools.mode,
          },
        );
        return (kind = decided);
      });
      // One that could not be decided is tried again by the next.
      deciding.catch(() => (deciding = undefined));
      if ((await deciding) === "direct") return { host: pod.host, port };
      const { address, port: local } = await tunnel(pod, port);
      return { host: address, port: local };
    },
    brokeWithin: health.brokeWithin,
    watch: health.watch,
  };
}

/** client-node's name for the cluster of the pod that it runs in; a kubeconfig's own is not made by it. */
export function isInside(config: KubeConfig): boolean {
  const user = config.getCurrentUser() as { authProvider?: { name?: string } } | null;
  return config.getCurrentContext() === "inClusterContext" && user?.authProvider?.name === "tokenFile";
}
