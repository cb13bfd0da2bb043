import { createHash } from "node:crypto";
import type { LabObject, ObjectStore } from "../objects.ts";
import { record } from "../runtime/pod-spec.ts";
import { controllerOf } from "./replica-set.ts";

const hashLabel = "pod-template-hash";
const revisionAnnotation = "deployment.kubernetes.io/revision";

/**
 * Keeps one ReplicaSet per pod template of every Deployment. The newest has all replicas; those before it go down to
 * none once it is ready, which is what a rolling update comes to with one replica and `maxUnavailable` 0.
 */
export function startDeployments(store: ObjectStore): () => void {
  const reconcile = (deployment: LabObject): void => {
    const { name, namespace = "default" } = deployment.metadata;
    if (deployment.metadata.deletionTimestamp !== undefined) return;
    const replicas = Number(deployment.spec?.["replicas"] ?? 1);
    const hash = templateHash(deployment);
    const sets = setsOf(store, deployment);
    const newest =
      sets.find((set) => set.metadata.labels?.[hashLabel] === hash) ??
      store.create(replicaSetOf(deployment, hash, replicas, sets.length + 1));
    scale(store, newest, replicas);
    const available = count(store.get(keyOf(newest)), "availableReplicas");
    for (const set of sets) {
      if (set.metadata.uid !== newest.metadata.uid && available >= replicas) scale(store, set, 0);
    }
    const all = setsOf(store, deployment);
    const sum = (field: string): number => all.reduce((total, set) => total + count(set, field), 0);
    const [ready, total] = [sum("readyReplicas"), sum("replicas")];
    store.update({ kind: "Deployment", namespace, name }, (copy) => {
      copy.status = {
        observedGeneration: copy.metadata.generation ?? 1,
        replicas: total,
        updatedReplicas: count(store.get(keyOf(newest)), "replicas"),
        readyReplicas: ready,
        availableReplicas: ready,
        unavailableReplicas: Math.max(0, replicas - ready),
        conditions: [condition("Available", ready >= replicas), condition("Progressing", true)],
      };
    });
  };
  const current = (namespace: string | undefined, name: string): LabObject | undefined =>
    store.get({ kind: "Deployment", namespace: namespace ?? "default", name });
  const stops = [
    store.watch("Deployment", ({ type, object }) => {
      const deployment = type === "DELETED" ? undefined : current(object.metadata.namespace, object.metadata.name);
      if (deployment !== undefined) reconcile(deployment);
    }),
    store.watch("ReplicaSet", ({ object }) => {
      for (const owner of object.metadata.ownerReferences ?? []) {
        const deployment = owner.kind === "Deployment" ? current(object.metadata.namespace, owner.name) : undefined;
        if (deployment !== undefined) reconcile(deployment);
      }
    }),
  ];
  for (const deployment of store.list("Deployment")) reconcile(deployment);
  return () => stops.forEach((stop) => stop());
}

const keyOf = ({ kind, metadata }: LabObject) => ({
  kind,
  namespace: metadata.namespace ?? "default",
  name: metadata.name,
});
const count = (object: LabObject | undefined, field: string): number => Number(object?.status?.[field] ?? 0);

/** Equal templates have equal names, so that a Deployment put back as it was finds its ReplicaSet again. */
function templateHash(deployment: LabObject): string {
  const text = JSON.stringify(deployment.spec?.["template"] ?? {});
  return createHash("sha256").update(text).digest("hex").slice(0, 10);
}

function setsOf(store: ObjectStore, deployment: LabObject): LabObject[] {
  return store
    .list("ReplicaSet", deployment.metadata.namespace ?? "default")
    .filter((set) => set.metadata.ownerReferences?.some((owner) => owner.uid === deployment.metadata.uid));
}

function scale(store: ObjectStore, set: LabObject, replicas: number): void {
  store.update(keyOf(set), (copy) => void (copy.spec = { ...copy.spec, replicas }));
}

function replicaSetOf(
  deployment: LabObject,
  hash: string,
  replicas: number,
  revision: number,
): Parameters<ObjectStore["create"]>[0] {
  const template = record(deployment.spec?.["template"]);
  const metadata = record(template["metadata"]);
  const labels = { ...(record(metadata["labels"]) as Record<string, string>), [hashLabel]: hash };
  const selector = record(deployment.spec?.["selector"]);
  return {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: {
      name: `${deployment.metadata.name}-${hash}`,
      namespace: deployment.metadata.namespace ?? "default",
      labels,
      annotations: { [revisionAnnotation]: String(revision) },
      ownerReferences: [controllerOf(deployment)],
    },
    spec: {
      replicas,
      selector: { ...selector, matchLabels: { ...record(selector["matchLabels"]), [hashLabel]: hash } },
      template: { ...template, metadata: { ...metadata, labels } },
    },
  };
}

function condition(type: "Available" | "Progressing", holds: boolean): Record<string, string> {
  const reasons = {
    Available: holds ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable",
    Progressing: "NewReplicaSetAvailable",
  };
  return { type, status: holds ? "True" : "False", reason: reasons[type] };
}
