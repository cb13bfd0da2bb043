import type { LabObject } from "../objects.ts";
import type { ContainerState } from "./container.ts";
import { asList } from "./pod-spec.ts";

export interface PodStatusInput {
  podIp: string;
  hostIp: string;
  startTime: string;
  containers: ReadonlyArray<ContainerState & { ready: boolean }>;
}

const condition = (type: string, holds: string): Record<string, unknown> => ({
  type,
  status: holds,
  lastProbeTime: null,
});

/** `status` of a pod that has a node and whose containers have not started: its volume or its name is not free yet. */
export function waitingStatus(pod: LabObject, hostIp: string): Record<string, unknown> {
  return {
    phase: "Pending",
    qosClass: "BestEffort",
    hostIP: hostIp,
    hostIPs: [{ ip: hostIp }],
    conditions: [
      condition("Initialized", "True"),
      condition("Ready", "False"),
      condition("ContainersReady", "False"),
      condition("PodScheduled", "True"),
    ],
    containerStatuses: asList(pod.spec?.["containers"]).map((container) => ({
      name: container["name"],
      image: container["image"] ?? "",
      imageID: "",
      ready: false,
      started: false,
      restartCount: 0,
      state: { waiting: { reason: "ContainerCreating" } },
      lastState: {},
    })),
  };
}

/** A pod's `status` as a kubelet would write it. Pure. */
export function podStatus(input: PodStatusInput): Record<string, unknown> {
  const ready = input.containers.length > 0 && input.containers.every((container) => container.ready);
  const yesNo = ready ? "True" : "False";
  return {
    phase: "Running",
    qosClass: "BestEffort",
    podIP: input.podIp,
    podIPs: [{ ip: input.podIp }],
    hostIP: input.hostIp,
    hostIPs: [{ ip: input.hostIp }],
    startTime: input.startTime,
    conditions: [
      condition("Initialized", "True"),
      condition("Ready", yesNo),
      condition("ContainersReady", yesNo),
      condition("PodScheduled", "True"),
    ],
    containerStatuses: input.containers.map((container) => ({
      name: container.name,
      containerID: container.containerId,
      image: "lab",
      imageID: "",
      ready: container.ready,
      started: container.running,
      restartCount: container.restartCount,
      state: container.running
        ? { running: { startedAt: seconds(container.startedAt) } }
        : { waiting: { reason: "CrashLoopBackOff", message: "the process ended and will be started again" } },
      lastState: container.lastExit === null ? {} : { terminated: terminated(container.lastExit) },
    })),
  };
}

function terminated(exit: NonNullable<ContainerState["lastExit"]>): Record<string, unknown> {
  return {
    exitCode: exit.exitCode,
    ...(exit.signal === 0 ? {} : { signal: exit.signal }),
    reason: exit.exitCode === 0 ? "Completed" : "Error",
    startedAt: seconds(exit.startedAt),
    finishedAt: seconds(exit.finishedAt),
    containerID: exit.containerId,
  };
}

/** Kubernetes' times have whole seconds (RFC 3339). */
function seconds(iso: string): string {
  return iso.replace(/\.\d+Z$/, "Z");
}

/** What changes in the status of a pod that was ended for good, e.g. at its deadline. */
export function overStatus(reason: string, message: string): Record<string, unknown> {
  const notReady = ["Ready", "ContainersReady"].map((type) => ({ type, status: "False", lastProbeTime: null }));
  return { phase: "Failed", reason, message, conditions: notReady, containerStatuses: [] };
}

/** Whether a pod has ended for good and is only there to be looked at. */
export function isOver(pod: LabObject): boolean {
  return pod.status?.["phase"] === "Failed";
}
