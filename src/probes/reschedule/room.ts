import type { NodeView, PodPlacement, VolumeView } from "../placement.ts";

/** What decides where a pod may go. */
export interface Room {
  target: PodPlacement;
  nodes: readonly NodeView[];
  /** All pods of the cluster. */
  pods: readonly PodPlacement[];
  volumes: readonly VolumeView[];
}

/**
 * Why a node could not take the pod; null when it could. Looked at, as the scheduler does: readiness, cordon, taints,
 * nodeSelector, required anti-affinity by labels, the volumes' node affinity, and room for the pod's requests.
 */
export function whyNotOn(node: NodeView, room: Room): string | null {
  const { target } = room;
  if (!node.ready) return "is not ready";
  if (node.unschedulable) return "is cordoned";
  const taint = node.taints.find((entry) => entry.effect !== "PreferNoSchedule" && !tolerates(target, entry));
  if (taint !== undefined) return `has the taint ${taint.key}`;
  const unmatched = Object.entries(target.nodeSelector).find(([key, value]) => node.labels[key] !== value);
  if (unmatched !== undefined) return `lacks the label ${unmatched[0]}=${unmatched[1]}`;
  const neighbour = unwelcome(node, room);
  if (neighbour !== undefined) return `runs ${neighbour.name}, which the anti-affinity keeps apart`;
  const volume = room.volumes.find((entry) => !entry.fits(node.labels));
  if (volume !== undefined) return `cannot have the volume ${volume.name}`;
  return fullness(node, room);
}

/** The nodes other than its own that could take the pod, and why the others could not. */
export function placesFor(room: Room): { could: string[]; couldNot: string[] } {
  const others = room.nodes.filter(({ name }) => name !== room.target.node);
  const judged = others.map((node) => ({ name: node.name, reason: whyNotOn(node, room) }));
  return {
    could: judged.filter(({ reason }) => reason === null).map(({ name }) => name),
    couldNot: judged.flatMap(({ name, reason }) => (reason === null ? [] : [`${name} ${reason}`])),
  };
}

function tolerates(pod: PodPlacement, taint: NodeView["taints"][number]): boolean {
  return pod.tolerations.some(
    ({ key, operator, value, effect }) =>
      (key === taint.key || (key === null && operator === "Exists")) &&
      (operator === "Exists" || value === taint.value) &&
      (effect === null || effect === taint.effect),
  );
}

/** A pod that the target's required anti-affinity (by labels) keeps out of this node's topology domain. */
function unwelcome(node: NodeView, { target, nodes, pods }: Room): PodPlacement | undefined {
  for (const { topologyKey, matchLabels } of target.antiAffinity) {
    const domain = node.labels[topologyKey];
    const near = nodes.filter(({ labels }) => domain !== undefined && labels[topologyKey] === domain);
    const found = pods.find(
      (pod) =>
        pod.uid !== target.uid &&
        pod.namespace === target.namespace &&
        near.some(({ name }) => name === pod.node) &&
        Object.entries(matchLabels).every(([key, value]) => pod.labels[key] === value),
    );
    if (found !== undefined) return found;
  }
  return undefined;
}

function fullness(node: NodeView, { target, pods }: Room): string | null {
  const there = pods.filter((pod) => pod.node === node.name && pod.phase !== "Succeeded" && pod.phase !== "Failed");
  const used = (resource: "cpuMilli" | "memoryBytes"): number =>
    there.reduce((total, { requests }) => total + requests[resource], 0);
  if (there.length + 1 > node.allocatable.pods) return `has ${there.length} pods of ${node.allocatable.pods}`;
  for (const resource of ["cpuMilli", "memoryBytes"] as const) {
    if (used(resource) + target.requests[resource] > node.allocatable[resource]) {
      return `has no room for its ${resource === "cpuMilli" ? "CPU" : "memory"} request`;
    }
  }
  return null;
}
