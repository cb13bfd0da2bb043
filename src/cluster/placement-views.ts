import type { V1Node, V1Pod, V1PodSpec } from "@kubernetes/client-node";
import type { NodeView, PodPlacement } from "../probes/placement.ts";
import { quantity } from "./quantity.ts";

/** A pod as the scheduler and the kubelet left it. */
export function podPlacement(pod: V1Pod): PodPlacement {
  const { metadata, spec, status } = pod;
  const condition = (type: string) => status?.conditions?.find((entry) => entry.type === type);
  const scheduled = condition("PodScheduled");
  const containers = status?.containerStatuses ?? [];
  const owner = metadata?.ownerReferences?.find((reference) => reference.controller === true);
  return {
    name: metadata?.name ?? "",
    namespace: metadata?.namespace ?? "",
    uid: metadata?.uid ?? "",
    labels: metadata?.labels ?? {},
    phase: status?.phase ?? "Unknown",
    node: spec?.nodeName ?? null,
    unschedulable: scheduled?.status === "False" ? (scheduled.message ?? scheduled.reason ?? "no reason given") : null,
    deleting: metadata?.deletionTimestamp !== undefined,
    started: containers.length > 0 && containers.every(({ state }) => state?.running !== undefined),
    ready: condition("Ready")?.status === "True",
    containerId: containers[0]?.containerID ?? null,
    terminationGracePeriodSeconds: spec?.terminationGracePeriodSeconds ?? null,
    tolerations: (spec?.tolerations ?? []).map((entry) => ({
      key: entry.key ?? null,
      operator: entry.operator ?? "Equal",
      value: entry.value ?? null,
      effect: entry.effect ?? null,
      tolerationSeconds: entry.tolerationSeconds ?? null,
    })),
    nodeSelector: spec?.nodeSelector ?? {},
    antiAffinity: (spec?.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).map(
      ({ topologyKey, labelSelector }) => ({ topologyKey, matchLabels: labelSelector?.matchLabels ?? {} }),
    ),
    otherRules: otherRules(spec),
    requests: {
      cpuMilli: sum(spec, "cpu") * 1000,
      memoryBytes: sum(spec, "memory"),
    },
    owner: owner === undefined ? null : `${owner.kind}/${owner.name}`,
  };
}

function sum(spec: V1PodSpec | undefined, resource: string): number {
  return (spec?.containers ?? []).reduce(
    (total, { resources }) => total + quantity(resources?.requests?.[resource]),
    0,
  );
}

function otherRules(spec: V1PodSpec | undefined): string[] {
  const anti = spec?.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  const hard = (spec?.topologySpreadConstraints ?? []).filter((entry) => entry.whenUnsatisfiable === "DoNotSchedule");
  return [
    ...(spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution === undefined
      ? []
      : ["node affinity"]),
    ...(spec?.affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution === undefined
      ? []
      : ["pod affinity"]),
    ...(anti.some(({ labelSelector }) => (labelSelector?.matchExpressions ?? []).length > 0)
      ? ["anti-affinity by expressions"]
      : []),
    ...(hard.length === 0 ? [] : ["topology spread constraints"]),
  ];
}

/** A node as guards need it. */
export function nodeView(node: V1Node): NodeView {
  const { metadata, spec, status } = node;
  const { cpu, memory, pods } = status?.allocatable ?? {};
  const architecture = status?.nodeInfo?.architecture ?? metadata?.labels?.["kubernetes.io/arch"];
  return {
    name: metadata?.name ?? "",
    resourceVersion: metadata?.resourceVersion ?? "",
    ready: status?.conditions?.some(({ type, status: holds }) => type === "Ready" && holds === "True") ?? false,
    ...(architecture === undefined || architecture === "" ? {} : { architecture }),
    unschedulable: spec?.unschedulable === true,
    labels: metadata?.labels ?? {},
    annotations: metadata?.annotations ?? {},
    taints: (spec?.taints ?? []).map(({ key, value, effect }) => ({ key, value: value ?? null, effect })),
    allocatable: { cpuMilli: quantity(cpu) * 1000, memoryBytes: quantity(memory), pods: quantity(pods) },
  };
}
