/**
 * What a cluster with Chaos Mesh shows to whoever checks the installation: the workloads of its Helm chart, by name and
 * labels. Here they stand for the lab's own chaos controllers, and are ready as long as those run.
 * Source of names and labels: helm/chaos-mesh/templates of chaos-mesh/chaos-mesh.
 */
import type { NewObject, ObjectStore } from "../objects.ts";
import { isStandIn, standsForAnnotation } from "../runtime/stand-in.ts";
import { nodeOf } from "../runtime/volumes.ts";
import { ensureNamespace } from "./workload.ts";

const namespace = "chaos-mesh";
/** Of Chaos Mesh, whose conduct the lab follows. */
const version = "2.8.3";

/** Creates them and keeps their pods' status; what it returns says that they are not ready any more, and ends it. */
export function startChaosMeshView(store: ObjectStore, hostIp: string): () => void {
  let running = true;
  const keep = (): void => {
    for (const pod of store.list("Pod", namespace)) {
      if (!isStandIn(pod) || nodeOf(pod) === undefined || pod.metadata.deletionTimestamp !== undefined) continue;
      const { name, creationTimestamp } = pod.metadata;
      store.update({ kind: "Pod", namespace, name }, (copy) => {
        copy.status = { ...statusOf(running, creationTimestamp, containerOf(name)), hostIP: hostIp, podIP: hostIp };
      });
    }
  };
  ensureNamespace(store, namespace);
  const stop = store.watch("Pod", ({ type, object }) => {
    if (type !== "DELETED" && object.metadata.namespace === namespace) keep();
  });
  store.create(workload("Deployment", "chaos-controller-manager", "controller-manager", "chaos-mesh"));
  store.create(workload("DaemonSet", "chaos-daemon", "chaos-daemon", "chaos-daemon"));
  return () => {
    stop();
    running = false;
    keep();
  };
}

const containerOf = (pod: string): string => (pod.startsWith("chaos-daemon") ? "chaos-daemon" : "chaos-mesh");
const imageOf = (container: string): string => `ghcr.io/chaos-mesh/${container}:v${version}`;

function workload(kind: "Deployment" | "DaemonSet", name: string, component: string, container: string): NewObject {
  const selected = { "app.kubernetes.io/name": "chaos-mesh", "app.kubernetes.io/component": component };
  const labels = { ...selected, "app.kubernetes.io/instance": "chaos-mesh", "app.kubernetes.io/version": version };
  const annotations = { [standsForAnnotation]: "the chaos controllers of the Aftershock lab; no image runs" };
  const spec = {
    serviceAccountName: name,
    hostNetwork: kind === "DaemonSet",
    containers: [{ name: container, image: imageOf(container), resources: {} }],
  };
  return {
    apiVersion: "apps/v1",
    kind,
    metadata: { name, namespace, labels, annotations },
    spec: {
      ...(kind === "Deployment" ? { replicas: 1 } : { updateStrategy: { type: "RollingUpdate" } }),
      selector: { matchLabels: selected },
      template: { metadata: { labels, annotations }, spec },
    },
  };
}

function statusOf(ready: boolean, since: string, container: string): Record<string, unknown> {
  const status = ready ? "True" : "False";
  const conditions = ["PodScheduled", "Initialized", "ContainersReady", "Ready"].map((type) => ({
    type,
    status: type === "PodScheduled" || type === "Initialized" ? "True" : status,
    lastProbeTime: null,
    lastTransitionTime: since,
  }));
  const state = ready ? { running: { startedAt: since } } : { waiting: { reason: "LabStopped" } };
  const about = { name: container, image: imageOf(container), imageID: "", ready, started: ready, restartCount: 0 };
  return { phase: "Running", startTime: since, conditions, containerStatuses: [{ ...about, state, lastState: {} }] };
}
