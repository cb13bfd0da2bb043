import { chaosKinds, describeRef, installationLabel, runLabel } from "../../cluster/kinds.ts";
import type { Cluster, KubernetesObject } from "../../cluster/port.ts";
import { isAftershockError, messageOf } from "../../errors.ts";
import { parseDurationMs } from "../../experiment/duration.ts";
import type { NodeView } from "../../probes/placement.ts";
import type { StoredFault } from "../../store/faults.ts";
import { leaseOf } from "../faults/cordon-lease.ts";

/** Something on a cluster that carries our mark, found without asking anybody. */
export interface OwnObject {
  /** The same as long as it is the same object; another one of that name has another key. */
  key: string;
  /** `NetworkChaos cache/run-12-partition`, `pod database/run-12-scratch`, `cordon of node node-1`. */
  what: string;
  /** The run that its label names. */
  run: string;
  /** Which database's run that is; null for what does not say. */
  installation: string | null;
  /** When it ends by itself at the latest, by its own duration or lease. Milliseconds of the epoch; null: not stated. */
  endsAtMs: number | null;
  /** Somebody has asked for its deletion, and it is still there. */
  deleting: boolean;
  /** As healing wants it; targets are not known from the object. */
  fault: StoredFault;
}

export interface Found {
  objects: OwnObject[];
  /** What could not be looked at, in sentences: rights are missing for it. */
  notSeen: string[];
}

/**
 * Everything with our mark, in all namespaces of the cluster's scope: chaos objects, pods, and cordoned nodes. Rejects with AftershockError
 * when the cluster cannot be reached, or chaos objects cannot be listed; what else may not be read is in `notSeen`.
 */
export async function findOwnObjects(cluster: Cluster, signal: AbortSignal): Promise<Found> {
  const notSeen: string[] = [];
  const ifAllowed = async <T>(what: string, look: Promise<T[]>): Promise<T[]> => {
    try {
      return await look;
    } catch (error) {
      if (!isAftershockError(error) || error.code !== "cluster_refused") throw error;
      notSeen.push(`${what} could not be looked at: ${messageOf(error)}`);
      return [];
    }
  };
  const [chaos, pods, nodes] = await Promise.all([
    cluster.listChaos(runLabel, undefined, signal),
    ifAllowed("Pods of runs", cluster.labelledPods(runLabel, signal)),
    // A bot that may not cordon has no right to nodes, and has left no cordon.
    cluster.scope?.nodes === false ? [] : ifAllowed("Cordons", cluster.placement(signal).nodes()),
  ]);
  const objects = [
    ...chaos.map((object) => fromObject(cluster.name, object)),
    ...pods.map((pod) => fromObject(cluster.name, { ...pod, kind: "ScratchPostgres" })),
    ...nodes.flatMap((node) => fromNode(cluster.name, node) ?? []),
  ];
  return { objects, notSeen };
}

/** Whether that very object is still there with our mark. Rejects when it cannot be read. */
export async function isThere({ fault, key }: OwnObject, cluster: Cluster, signal: AbortSignal): Promise<boolean> {
  const { kind, namespace, name } = fault;
  if (kind === "Cordon") {
    const node = await cluster.placement(signal).node(name);
    return node !== null && fromNode(cluster.name, node)?.key === key;
  }
  const isChaos = chaosKinds.some((known) => known === kind);
  const found = isChaos
    ? await cluster.getChaos({ kind, namespace, name }, signal)
    : await cluster.getPod(namespace, name, signal);
  return found !== null && fromObject(cluster.name, { ...found, kind }).key === key;
}

/** Pure. */
export function fromObject(cluster: string, object: KubernetesObject): OwnObject {
  const { kind, metadata, spec = {} } = object;
  const { name, namespace = "default", uid = "", labels = {} } = metadata;
  return {
    key: `${kind}/${namespace}/${name}/${uid}`,
    what: kind === "ScratchPostgres" ? `pod ${namespace}/${name}` : describeRef({ kind, namespace, name }),
    run: labels[runLabel] ?? "",
    installation: labels[installationLabel] ?? null,
    endsAtMs: endOf(metadata.creationTimestamp, spec),
    deleting: metadata.deletionTimestamp !== undefined,
    fault: asFault(cluster, kind, namespace, object),
  };
}

/** Null for a node without our mark. Pure. */
export function fromNode(cluster: string, node: NodeView): OwnObject | null {
  const lease = leaseOf(node);
  if (lease === null) return null;
  const { run, until } = lease;
  return {
    key: `Cordon/${node.name}/${run}/${until ?? ""}`,
    what: `cordon of node ${node.name}`,
    run,
    installation: null,
    endsAtMs: until === null ? null : Date.parse(until),
    deleting: false,
    fault: asFault(cluster, "Cordon", "", {
      apiVersion: "v1",
      kind: "Cordon",
      metadata: { name: node.name, labels: { [runLabel]: run } },
      spec: { node: node.name },
    }),
  };
}

function asFault(cluster: string, kind: string, namespace: string, manifest: KubernetesObject): StoredFault {
  const { name } = manifest.metadata;
  const targets = { subject: [], target: [] };
  return { faultId: name, cluster, kind, namespace, name, manifest, targets, state: "injected" };
}

/** From its creation, by the API server's clock, and its own `duration` or `activeDeadlineSeconds`. */
function endOf(createdAt: string | undefined, spec: Readonly<Record<string, unknown>>): number | null {
  const created = Date.parse(createdAt ?? "");
  if (Number.isNaN(created)) return null;
  const { duration, activeDeadlineSeconds } = spec;
  if (typeof activeDeadlineSeconds === "number") return created + activeDeadlineSeconds * 1000;
  // Durations of others' making may be of a form that we do not read, such as 1.5h.
  return typeof duration === "string" && /^(\d+(ms|s|m|h))+$/.test(duration)
    ? created + parseDurationMs(duration)
    : null;
}
