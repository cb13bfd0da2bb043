import type { ChaosRef, Cluster, KubernetesObject } from "../../cluster/port.ts";
import { messageOf } from "../../errors.ts";
import { bounded } from "../bounded.ts";
import { daemonOn, nodesWith } from "../chaos-daemon.ts";
import { unhealedRecords } from "../chaos-state.ts";

/** Chaos Mesh's object of one pod in which a fault's rules stand, by the fault's kind (anchors/chaos-platforms.md 3.4). */
export const childKinds: Readonly<Record<string, string>> = {
  NetworkChaos: "PodNetworkChaos",
  IOChaos: "PodIOChaos",
};

/** Why an object does not go, as far as the cluster says it. */
export interface Diagnosis {
  /** Short sentences of the cluster's, cut to a length that can be shown. */
  reasons: string[];
  /** Pods whose records are not healed; restarting them clears the rules and the layer of a fault. */
  pods: string[];
}

const mostReasons = 5;
const mostPods = 5;
const longestReason = 300;

/**
 * Reads why an object stays: the last failure of each record that is not healed, and `failedMessage` of its pod's child.
 * What cannot be read is said to be unreadable. Never throws but for the signal.
 */
export async function diagnose(
  ref: ChaosRef,
  object: KubernetesObject | null,
  { cluster, signal, callMs }: { cluster: Cluster; signal: AbortSignal; callMs: number },
): Promise<Diagnosis> {
  if (object === null)
    return { reasons: ["whether it is still there is unknown: the cluster does not answer"], pods: [] };
  const records = unhealedRecords(object);
  const pods = [...new Set(records.flatMap(({ id }) => id.split("/")[1] ?? []))].slice(0, mostPods);
  const reasons = records.flatMap(({ id, failure }) => (failure === null ? [] : [`${id}: ${failure}`]));
  const kind = childKinds[ref.kind];
  for (const pod of kind === undefined ? [] : pods) {
    try {
      const child = await bounded(
        (inner) => cluster.getChaos({ kind: kind ?? "", name: pod, namespace: ref.namespace }, inner),
        {
          deadlineMs: callMs,
          signal,
        },
      );
      const failed = child?.status?.["failedMessage"];
      if (typeof failed === "string" && failed !== "") reasons.push(`${kind} ${pod}: ${failed}`);
    } catch (error) {
      signal.throwIfAborted();
      reasons.push(`${kind} ${pod} cannot be read: ${messageOf(error)}`);
    }
  }
  if (kind !== undefined && pods.length > 0) {
    reasons.push(...(await deadDaemons(ref.namespace, pods, { cluster, signal, callMs })));
  }
  const strangers = (object.metadata.finalizers ?? []).filter((name) => name !== "chaos-mesh/records");
  if (strangers.length > 0) reasons.push(`finalizers that Chaos Mesh does not know: ${strangers.join(", ")}`);
  if (reasons.length === 0) reasons.push("the cluster gives no reason; its finalizers stay");
  return { reasons: reasons.slice(0, mostReasons).map(cut), pods };
}

/** The daemons that would have to take the rules away, and cannot. */
async function deadDaemons(
  namespace: string,
  pods: readonly string[],
  { cluster, signal, callMs }: { cluster: Cluster; signal: AbortSignal; callMs: number },
): Promise<string[]> {
  const limits = { deadlineMs: callMs, signal };
  try {
    const all = await bounded((inner) => cluster.pods(namespace, inner), limits);
    const { daemons } = await bounded((inner) => cluster.chaosMesh(inner), limits);
    return nodesWith(all, pods).flatMap((node) =>
      daemonOn(daemons, node)?.ready === true ? [] : [`the chaos-daemon of ${node} is not ready`],
    );
  } catch (error) {
    signal.throwIfAborted();
    return [`whether the chaos-daemons run is unknown: ${messageOf(error)}`];
  }
}

function cut(text: string): string {
  const one = text.replaceAll(/\s+/g, " ").trim();
  return one.length <= longestReason ? one : `${one.slice(0, longestReason - 1)}…`;
}
