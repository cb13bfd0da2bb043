import type { LabObject, ObjectStore } from "../objects.ts";
import { recordEvent } from "../runtime/record-event.ts";
import { isStandIn } from "../runtime/stand-in.ts";
import { nodeOf, volumesOf } from "../runtime/volumes.ts";
import { whyNot } from "./node-filters.ts";

const component = "default-scheduler";

/**
 * Gives every pod without a node one that may take it: of those, the one with the fewest pods of the same owner, then
 * with the fewest pods. A pod that fits nowhere stays Pending, says why as kube-scheduler does, and is tried again when
 * nodes change.
 */
export function startScheduler(store: ObjectStore): () => void {
  const told = new Map<string, string>();
  const schedule = (pod: LabObject): void => {
    const { name, namespace = "default", uid } = pod.metadata;
    const key = { kind: "Pod", namespace, name };
    const nodes = store.list("Node");
    const volumes = volumesOf(store, pod);
    const refusals = nodes.map((node) => ({ node, reason: whyNot(node, pod, volumes) }));
    const [best] = leastLoaded(
      store,
      pod,
      refusals.filter(({ reason }) => reason === null).map(({ node }) => node),
    );
    if (best === undefined) {
      const message = unschedulable(refusals.map(({ reason }) => reason ?? ""));
      if (told.get(uid) === message) return;
      told.set(uid, message);
      store.update(key, (copy) => {
        const condition = {
          type: "PodScheduled",
          status: "False",
          reason: "Unschedulable",
          message,
          lastProbeTime: null,
        };
        copy.status = { ...copy.status, phase: "Pending", conditions: [condition] };
      });
      return recordEvent(store, pod, { type: "Warning", reason: "FailedScheduling", message, component });
    }
    told.delete(uid);
    const node = best.metadata.name;
    const bound = store.update(key, (copy) => {
      copy.spec = { ...copy.spec, nodeName: node };
      copy.status = { ...copy.status, conditions: [{ type: "PodScheduled", status: "True", lastProbeTime: null }] };
    });
    const message = `Successfully assigned ${namespace}/${name} to ${node}`;
    recordEvent(store, bound, { type: "Normal", reason: "Scheduled", message, component });
  };
  const look = (): void => {
    for (const pod of store.list("Pod")) {
      if (nodeOf(pod) === undefined && pod.metadata.deletionTimestamp === undefined) schedule(pod);
    }
  };
  const stops = [
    store.watch("Pod", ({ type, object }) => {
      if (type === "DELETED") told.delete(object.metadata.uid);
      const { namespace = "default", name } = object.metadata;
      const now = store.get({ kind: "Pod", namespace, name });
      if (now !== undefined && nodeOf(now) === undefined && now.metadata.deletionTimestamp === undefined) schedule(now);
    }),
    // Nodes change with every volume that is mounted; only what the filters look at makes a difference.
    store.watch("Node", ({ object, previous }) => {
      if (sameForPods(object, previous)) return;
      look();
    }),
  ];
  look();
  return () => stops.forEach((stop) => stop());
}

function sameForPods(node: LabObject, before: LabObject | undefined): boolean {
  if (before === undefined) return false;
  const facts = ({ spec, metadata }: LabObject): string => JSON.stringify([spec, metadata.labels]);
  return facts(node) === facts(before);
}

function leastLoaded(store: ObjectStore, pod: LabObject, nodes: readonly LabObject[]): LabObject[] {
  const owner = pod.metadata.ownerReferences?.[0]?.uid;
  const pods = store.list("Pod").filter((other) => other.metadata.uid !== pod.metadata.uid && !isStandIn(other));
  const load = (node: LabObject): [siblings: number, all: number] => {
    const there = pods.filter((other) => nodeOf(other) === node.metadata.name);
    const siblings = there.filter(
      (other) => owner !== undefined && other.metadata.ownerReferences?.some(({ uid }) => uid === owner),
    );
    return [siblings.length, there.length];
  };
  return nodes
    .map((node) => ({ node, load: load(node) }))
    .toSorted(
      (a, b) =>
        a.load[0] - b.load[0] || a.load[1] - b.load[1] || a.node.metadata.name.localeCompare(b.node.metadata.name),
    )
    .map(({ node }) => node);
}

/** The sentence of kube-scheduler 1.32 for a pod that fits nowhere; `reasons` has one entry per node. */
export function unschedulable(reasons: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const all = reasons.length;
  if (all === 0) return "no nodes available to schedule pods";
  const parts = [...counts].map(([reason, count]) => `${count} ${reason}`).toSorted();
  const none = `0/${all} nodes are available:`;
  return `${none} ${parts.join(", ")}. preemption: ${none} ${all} Preemption is not helpful for scheduling.`;
}
