import { randomBytes } from "node:crypto";
import type { LabObject, ObjectStore } from "../objects.ts";
import { record, withDefaultTolerations } from "../runtime/pod-spec.ts";
import { recordEvent } from "../runtime/record-event.ts";
import { isPodReady } from "./stateful-set.ts";

/** The alphabet of generated names in Kubernetes (apimachinery, util/rand): no vowels, so no words. */
const letters = "bcdfghjklmnpqrstvwxz2456789";
const graceSeconds = 10;

/** Five letters, as Kubernetes adds them to the name of whoever makes the pod. */
export function nameSuffix(): string {
  return [...randomBytes(5)].map((byte) => letters[byte % letters.length]).join("");
}

/** Keeps as many pods of every ReplicaSet in being as it asks for; a pod that is gone is replaced under another name. */
export function startReplicaSets(store: ObjectStore): () => void {
  const reconcile = (set: LabObject): void => {
    const { name, namespace = "default" } = set.metadata;
    if (set.metadata.deletionTimestamp !== undefined) return;
    const replicas = Number(set.spec?.["replicas"] ?? 1);
    // A pod that is being deleted still has its name, and is none of the wanted ones any more.
    const pods = podsOf(store, set).filter((pod) => pod.metadata.deletionTimestamp === undefined);
    for (let missing = pods.length; missing < replicas; missing += 1) {
      const created = store.create(podOf(set));
      recordEvent(store, set, {
        type: "Normal",
        reason: "SuccessfulCreate",
        message: `Created pod: ${created.metadata.name}`,
        component: "replicaset-controller",
      });
    }
    const surplus = pods.toSorted((a, b) => Number(isPodReady(a)) - Number(isPodReady(b)));
    for (const pod of surplus.slice(0, Math.max(0, pods.length - replicas))) {
      const key = { kind: "Pod", namespace, name: pod.metadata.name };
      store.delete(key, { graceful: true, gracePeriodSeconds: graceSeconds });
    }
    const owned = podsOf(store, set);
    const ready = owned.filter(isPodReady).length;
    store.update({ kind: "ReplicaSet", namespace, name }, (copy) => {
      copy.status = {
        replicas: owned.length,
        fullyLabeledReplicas: owned.length,
        readyReplicas: ready,
        availableReplicas: ready,
        observedGeneration: copy.metadata.generation ?? 1,
      };
    });
  };
  const current = (namespace: string | undefined, name: string): LabObject | undefined =>
    store.get({ kind: "ReplicaSet", namespace: namespace ?? "default", name });
  const stops = [
    store.watch("ReplicaSet", ({ type, object }) => {
      const set = type === "DELETED" ? undefined : current(object.metadata.namespace, object.metadata.name);
      if (set !== undefined) reconcile(set);
    }),
    store.watch("Pod", ({ object }) => {
      for (const owner of object.metadata.ownerReferences ?? []) {
        const set = owner.kind === "ReplicaSet" ? current(object.metadata.namespace, owner.name) : undefined;
        if (set !== undefined) reconcile(set);
      }
    }),
  ];
  for (const set of store.list("ReplicaSet")) reconcile(set);
  return () => stops.forEach((stop) => stop());
}

function podsOf(store: ObjectStore, set: LabObject): LabObject[] {
  return store
    .list("Pod", set.metadata.namespace ?? "default")
    .filter((pod) => pod.metadata.ownerReferences?.some((owner) => owner.uid === set.metadata.uid));
}

function podOf(set: LabObject): Parameters<ObjectStore["create"]>[0] {
  const template = record(set.spec?.["template"]);
  const metadata = record(template["metadata"]);
  const name = `${set.metadata.name}-${nameSuffix()}`;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      generateName: `${set.metadata.name}-`,
      namespace: set.metadata.namespace ?? "default",
      labels: record(metadata["labels"]) as Record<string, string>,
      annotations: record(metadata["annotations"]) as Record<string, string>,
      ownerReferences: [controllerOf(set)],
    },
    spec: { ...withDefaultTolerations(record(template["spec"])), hostname: name },
    status: { phase: "Pending" },
  };
}

/** The reference of a dependent to its controller. */
export function controllerOf(owner: LabObject): NonNullable<LabObject["metadata"]["ownerReferences"]>[number] {
  const { name, uid } = owner.metadata;
  return { apiVersion: owner.apiVersion, kind: owner.kind, name, uid, controller: true, blockOwnerDeletion: true };
}
