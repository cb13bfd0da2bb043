import type { LabObject, ObjectStore } from "../objects.ts";
import { record } from "../runtime/pod-spec.ts";
import { controllerOf, nameSuffix } from "./replica-set.ts";
import { isPodReady } from "./stateful-set.ts";

/** Keeps one pod of every DaemonSet on each node, cordoned or not, as Kubernetes does. Node selectors are not looked at. */
export function startDaemonSets(store: ObjectStore): () => void {
  const reconcile = (set: LabObject): void => {
    const { name, namespace = "default", uid } = set.metadata;
    if (set.metadata.deletionTimestamp !== undefined) return;
    const nodes = store.list("Node").map((node) => node.metadata.name);
    const owned = () =>
      store
        .list("Pod", namespace)
        .filter((pod) => pod.metadata.ownerReferences?.some((owner) => owner.uid === uid))
        .filter((pod) => pod.metadata.deletionTimestamp === undefined);
    const covered = new Set(owned().map((pod) => pod.spec?.["nodeName"]));
    for (const node of nodes) if (!covered.has(node)) store.create(podOf(set, node));
    const pods = owned();
    const ready = pods.filter(isPodReady).length;
    store.update({ kind: "DaemonSet", namespace, name }, (copy) => {
      copy.status = {
        observedGeneration: copy.metadata.generation ?? 1,
        desiredNumberScheduled: nodes.length,
        currentNumberScheduled: pods.length,
        updatedNumberScheduled: pods.length,
        numberReady: ready,
        numberAvailable: ready,
        numberUnavailable: nodes.length - ready,
        numberMisscheduled: 0,
      };
    });
  };
  const look = (): void => {
    for (const set of store.list("DaemonSet")) reconcile(set);
  };
  const stops = [
    store.watch("DaemonSet", look),
    store.watch("Node", ({ type }) => {
      if (type !== "MODIFIED") look();
    }),
    store.watch("Pod", ({ object }) => {
      if (object.metadata.ownerReferences?.some(({ kind }) => kind === "DaemonSet")) look();
    }),
  ];
  look();
  return () => stops.forEach((stop) => stop());
}

function podOf(set: LabObject, nodeName: string): Parameters<ObjectStore["create"]>[0] {
  const template = record(set.spec?.["template"]);
  const { labels, annotations } = record(template["metadata"]);
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: `${set.metadata.name}-${nameSuffix()}`,
      generateName: `${set.metadata.name}-`,
      namespace: set.metadata.namespace ?? "default",
      labels: record(labels) as Record<string, string>,
      annotations: record(annotations) as Record<string, string>,
      ownerReferences: [controllerOf(set)],
    },
    spec: { ...record(template["spec"]), nodeName },
    status: { phase: "Pending" },
  };
}
