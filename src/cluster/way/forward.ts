import { CoreV1Api, type KubeConfig } from "@kubernetes/client-node";
import type { WebSocket } from "ws";
import { isAftershockError, messageOf } from "../../errors.ts";
import type { PodAddress } from "../../probes/system.ts";
import { clusterError } from "../api-errors.ts";
import type { Calls } from "../calls.ts";
import { HandshakeRefused, upgrade, type Upgrade } from "../upgrade.ts";

/** The way to the pod does not stand; of the pod itself nothing is known. */
export class WayBroken extends Error {}

/** The API server's word that the pod cannot be had: it is gone, another has its name, or it does not run. */
export class PodRefused extends Error {}

export interface ForwardTools {
  cluster: string;
  config: KubeConfig;
  calls: Calls;
}

export type PodPort = Pick<PodAddress, "namespace" | "name" | "uid"> & { port: number };

const protocol = "v4.channel.k8s.io";
/** Reading a pod may be tried again within this. */
const readPatience = { totalMs: 4000, tryMs: 2000 };

/**
 * Opens a port-forward to one very pod. The API server knows pods by name only, so who has the name is read when the
 * forward stands and before a byte has passed: a name that still has its uid then had it all the time, for a uid never comes
 * back. The socket is paused. Rejects with WayBroken or PodRefused, and with AftershockError `cluster_refused` when the
 * account lacks a right.
 */
export async function openForward(
  { cluster, config, calls }: ForwardTools,
  { namespace, name, uid, port }: PodPort,
  { signal, onMessage }: Pick<Upgrade, "signal" | "onMessage">,
): Promise<WebSocket> {
  const what = `port-forward to ${namespace}/${name}`;
  const path = `/api/v1/namespaces/${namespace}/pods/${name}/portforward?ports=${port}`;
  let socket: WebSocket | undefined;
  let refused: unknown;
  try {
    socket = await upgrade(config, { path, protocols: [protocol], what, signal, onMessage });
    socket.pause();
  } catch (error) {
    if (!(error instanceof HandshakeRefused)) throw new WayBroken(messageOf(signal.aborted ? signal.reason : error));
    if (error.status === 401 || error.status === 403) throw clusterError(cluster, what, error);
    refused = error;
  }
  try {
    await requireSame(calls, { namespace, name, uid }, signal);
  } catch (error) {
    socket?.terminate();
    throw error;
  }
  // A pod that is there and runs, and is not reached: its node is not, or something between.
  if (socket === undefined) throw new WayBroken(messageOf(refused));
  return socket;
}

async function requireSame(
  calls: Calls,
  { namespace, name, uid }: Omit<PodPort, "port">,
  signal: AbortSignal,
): Promise<void> {
  const what = `reading pod ${namespace}/${name}`;
  const read = (api: CoreV1Api) => api.readNamespacedPod({ namespace, name });
  const pod = await calls.find(CoreV1Api, what, read, { ...readPatience, signal }).catch((error: unknown) => {
    throw isAftershockError(error) && error.code === "cluster_refused" ? error : new WayBroken(messageOf(error));
  });
  if (pod === null) throw new PodRefused("it is gone");
  if (pod.metadata?.uid !== uid) throw new PodRefused("another pod has its name now");
  const phase = pod.status?.phase;
  if (phase !== "Running") throw new PodRefused(`it does not run (${phase ?? "no phase"})`);
}
