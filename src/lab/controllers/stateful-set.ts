import type { LabObject, ObjectStore } from "../objects.ts";
import { asList, record, withDefaultTolerations } from "../runtime/pod-spec.ts";
import { recordEvent } from "../runtime/record-event.ts";
import { labDriver } from "../runtime/volumes.ts";

/** Keeps the pods `NAME-0 … NAME-(replicas-1)` of every StatefulSet in being, all at once (podManagementPolicy Parallel). */
export function startStatefulSets(store: ObjectStore): () => void {
  const reconcile = (set: LabObject): void => {
    const spec = set.spec ?? {};
    const replicas = Number(spec["replicas"] ?? 1);
    const { name, namespace = "default" } = set.metadata;
    if (set.metadata.deletionTimestamp !== undefined) return;
    for (let ordinal = 0; ordinal < replicas; ordinal += 1) {
      const pod = `${name}-${ordinal}`;
      if (store.get({ kind: "Pod", namespace, name: pod }) !== undefined) continue;
      for (const claim of asList(spec["volumeClaimTemplates"])) ensureClaim(store, set, claim, pod);
      store.create(podOf(set, pod));
      recordEvent(store, set, {
        type: "Normal",
        reason: "SuccessfulCreate",
        message: `create Pod ${pod} in StatefulSet ${name} successful`,
        component: "statefulset-controller",
      });
    }
    for (const pod of store.list("Pod", namespace)) {
      const ordinal = ordinalOf(pod, name);
      const owned = pod.metadata.ownerReferences?.some((owner) => owner.uid === set.metadata.uid) ?? false;
      if (owned && ordinal >= replicas && pod.metadata.deletionTimestamp === undefined) {
        store.delete({ kind: "Pod", namespace, name: pod.metadata.name }, { graceful: true, gracePeriodSeconds: 10 });
      }
    }
    writeStatus(store, set, replicas);
  };
  const reconcileOwnerOf = (pod: LabObject): void => {
    for (const owner of pod.metadata.ownerReferences ?? []) {
      const { namespace = "default" } = pod.metadata;
      const set =
        owner.kind === "StatefulSet" ? store.get({ kind: "StatefulSet", namespace, name: owner.name }) : undefined;
      if (set !== undefined) reconcile(set);
    }
  };
  const stops = [
    store.watch("StatefulSet", ({ type, object }) => {
      if (type === "DELETED") return;
      const current = store.get({
        kind: "StatefulSet",
        namespace: object.metadata.namespace ?? "default",
        name: object.metadata.name,
      });
      if (current !== undefined) reconcile(current);
    }),
    store.watch("Pod", ({ object }) => reconcileOwnerOf(object)),
  ];
  for (const set of store.list("StatefulSet")) reconcile(set);
  return () => stops.forEach((stop) => stop());
}

function podOf(set: LabObject, name: string): Parameters<ObjectStore["create"]>[0] {
  const template = record(set.spec?.["template"]);
  const labels = record(record(template["metadata"])["labels"]) as Record<string, string>;
  const spec = record(template["spec"]);
  const claims = asList(set.spec?.["volumeClaimTemplates"]).map((claim) => String(record(claim["metadata"])["name"]));
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      namespace: set.metadata.namespace ?? "default",
      labels: { ...labels, "statefulset.kubernetes.io/pod-name": name },
      annotations: record(record(template["metadata"])["annotations"]) as Record<string, string>,
      ownerReferences: [
        {
          apiVersion: set.apiVersion,
          kind: set.kind,
          name: set.metadata.name,
          uid: set.metadata.uid,
          controller: true,
        },
      ],
    },
    spec: {
      ...withDefaultTolerations(spec),
      hostname: name,
      volumes: [
        ...asList(spec["volumes"]),
        ...claims.map((claim) => ({ name: claim, persistentVolumeClaim: { claimName: `${claim}-${name}` } })),
      ],
    },
    status: { phase: "Pending" },
  };
}

function ensureClaim(store: ObjectStore, set: LabObject, template: Record<string, unknown>, pod: string): void {
  const { namespace = "default" } = set.metadata;
  const name = `${String(record(template["metadata"])["name"])}-${pod}`;
  if (store.get({ kind: "PersistentVolumeClaim", namespace, name }) !== undefined) return;
  const spec = record(template["spec"]);
  const capacity = record(record(spec["resources"])["requests"]);
  const volume = `pv-${namespace}-${name}`;
  const claim = store.create({
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name, namespace },
    spec: { ...spec, volumeName: volume, storageClassName: "lab", volumeMode: "Filesystem" },
    status: { phase: "Bound", accessModes: spec["accessModes"], capacity },
  });
  if (store.get({ kind: "PersistentVolume", name: volume }) !== undefined) return;
  store.create({
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name: volume },
    spec: {
      accessModes: spec["accessModes"],
      capacity,
      storageClassName: "lab",
      volumeMode: "Filesystem",
      persistentVolumeReclaimPolicy: "Delete",
      csi: { driver: labDriver, volumeHandle: volume },
      claimRef: { apiVersion: "v1", kind: "PersistentVolumeClaim", namespace, name, uid: claim.metadata.uid },
    },
    status: { phase: "Bound" },
  });
}

function writeStatus(store: ObjectStore, set: LabObject, replicas: number): void {
  const { name, namespace = "default" } = set.metadata;
  const pods = store
    .list("Pod", namespace)
    .filter((pod) => pod.metadata.ownerReferences?.some((owner) => owner.uid === set.metadata.uid));
  const ready = pods.filter(isPodReady).length;
  store.update({ kind: "StatefulSet", namespace, name }, (copy) => {
    copy.status = {
      replicas: pods.length,
      readyReplicas: ready,
      availableReplicas: ready,
      currentReplicas: replicas,
      updatedReplicas: replicas,
      observedGeneration: copy.metadata.generation ?? 1,
    };
  });
}

/** True when the pod's condition Ready is True. */
export function isPodReady(pod: LabObject): boolean {
  return asList(pod.status?.["conditions"]).some((entry) => entry["type"] === "Ready" && entry["status"] === "True");
}

function ordinalOf(pod: LabObject, set: string): number {
  const match = new RegExp(`^${set}-(\\d+)$`).exec(pod.metadata.name);
  return match === null ? -1 : Number(match[1]);
}
