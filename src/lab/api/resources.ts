/**
 * Everything the lab's API serves, one row per kind. Adding a kind is adding a row here, with its columns
 * (`columns/`) and, for a custom kind, its schema (`schemas/`) and admission rules (`admission/`).
 */
import { accessKinds } from "./access/kinds.ts";
import type { Admission } from "./admission/admission.ts";
import {
  claimAdmission,
  namespaceAdmission,
  podAdmission,
  serviceAdmission,
  statefulSetAdmission,
} from "./admission/builtin.ts";
import { secretAdmission } from "./admission/secret.ts";
import { daemonSetAdmission, deploymentAdmission, replicaSetAdmission } from "./admission/workloads.ts";
import { ioChaosAdmission, networkChaosAdmission, podChaosAdmission } from "./admission/chaos.ts";
import type { NameRule } from "./admission/metadata.ts";
import { chaosColumns, plainColumns } from "./columns/chaos.ts";
import { configMapColumns, namespaceColumns, nodeColumns, secretColumns } from "./columns/cluster.ts";
import type { Column } from "./columns/column.ts";
import { eventColumns } from "./columns/event.ts";
import { podColumns } from "./columns/pod.ts";
import { attachmentColumns, claimColumns, volumeColumns } from "./columns/storage.ts";
import {
  daemonSetColumns,
  deploymentColumns,
  endpointsColumns,
  replicaSetColumns,
  serviceColumns,
  statefulSetColumns,
} from "./columns/workloads.ts";
import type { Schema } from "./schema.ts";
import { ioChaos } from "./schemas/iochaos.ts";
import { networkChaos } from "./schemas/networkchaos.ts";
import { podChaos } from "./schemas/podchaos.ts";
import { podNetworkChaos } from "./schemas/podnetworkchaos.ts";

export type Subresource = "status" | "exec" | "log" | "eviction" | "portforward" | "token";

/** Where the schema comes from: a generated model of a built-in kind, or our own data for a custom one. */
export type SchemaSource = { model: string } | { custom: Schema };

export interface Resource {
  /** Empty for the core group. */
  group: string;
  version: string;
  kind: string;
  plural: string;
  singular: string;
  shortNames: string[];
  categories: string[];
  scope: "Namespaced" | "Cluster";
  subresources: Subresource[];
  names: NameRule;
  schema: SchemaSource;
  columns: Column[];
  /** Besides metadata.name and metadata.namespace. */
  selectableFields: string[];
  admission: Admission;
}

/** A row as it is written: what is absent is as for most kinds (namespaced, core, v1). */
export type Row = Pick<Resource, "kind" | "plural" | "schema" | "columns"> & Partial<Resource>;

function core(row: Row): Resource {
  const singular = row.kind.toLowerCase();
  return {
    group: "",
    version: "v1",
    singular,
    shortNames: [],
    categories: [],
    scope: "Namespaced",
    subresources: [],
    names: "subdomain",
    selectableFields: [],
    admission: {},
    ...row,
  };
}

function chaos(kind: string, schema: Schema, admission: Admission): Resource {
  const plural = kind.toLowerCase();
  const own = { group: "chaos-mesh.org", version: "v1alpha1", singular: plural };
  return core({ ...own, kind, plural, schema: { custom: schema }, columns: chaosColumns, admission });
}

export const resources: readonly Resource[] = [
  core({
    kind: "Namespace",
    plural: "namespaces",
    shortNames: ["ns"],
    scope: "Cluster",
    names: "label",
    subresources: ["status"],
    schema: { model: "V1Namespace" },
    columns: namespaceColumns,
    selectableFields: ["status.phase"],
    admission: namespaceAdmission,
  }),
  core({
    kind: "Node",
    plural: "nodes",
    shortNames: ["no"],
    scope: "Cluster",
    subresources: ["status"],
    schema: { model: "V1Node" },
    columns: nodeColumns,
    selectableFields: ["spec.unschedulable"],
  }),
  core({
    kind: "Pod",
    plural: "pods",
    shortNames: ["po"],
    categories: ["all"],
    subresources: ["status", "exec", "log", "eviction", "portforward"],
    schema: { model: "V1Pod" },
    columns: podColumns,
    selectableFields: [
      "spec.nodeName",
      "spec.restartPolicy",
      "spec.schedulerName",
      "spec.serviceAccountName",
      "spec.hostNetwork",
      "status.phase",
      "status.podIP",
      "status.nominatedNodeName",
    ],
    admission: podAdmission,
  }),
  core({
    kind: "Service",
    plural: "services",
    shortNames: ["svc"],
    categories: ["all"],
    names: "label",
    subresources: ["status"],
    schema: { model: "V1Service" },
    columns: serviceColumns,
    selectableFields: ["spec.clusterIP", "spec.type"],
    admission: serviceAdmission,
  }),
  core({
    kind: "Endpoints",
    plural: "endpoints",
    shortNames: ["ep"],
    schema: { model: "V1Endpoints" },
    columns: endpointsColumns,
  }),
  core({
    kind: "Event",
    plural: "events",
    shortNames: ["ev"],
    schema: { model: "CoreV1Event" },
    columns: eventColumns,
    selectableFields: [
      "involvedObject.kind",
      "involvedObject.namespace",
      "involvedObject.name",
      "involvedObject.uid",
      "involvedObject.apiVersion",
      "involvedObject.resourceVersion",
      "involvedObject.fieldPath",
      "reason",
      "reportingComponent",
      "source",
      "type",
    ],
  }),
  core({
    kind: "ConfigMap",
    plural: "configmaps",
    shortNames: ["cm"],
    schema: { model: "V1ConfigMap" },
    columns: configMapColumns,
  }),
  core({
    kind: "Secret",
    plural: "secrets",
    schema: { model: "V1Secret" },
    columns: secretColumns,
    selectableFields: ["type"],
    admission: secretAdmission,
  }),
  core({
    kind: "PersistentVolumeClaim",
    plural: "persistentvolumeclaims",
    shortNames: ["pvc"],
    subresources: ["status"],
    schema: { model: "V1PersistentVolumeClaim" },
    columns: claimColumns,
    admission: claimAdmission,
  }),
  core({
    kind: "PersistentVolume",
    plural: "persistentvolumes",
    shortNames: ["pv"],
    scope: "Cluster",
    subresources: ["status"],
    schema: { model: "V1PersistentVolume" },
    columns: volumeColumns,
  }),
  core({
    group: "apps",
    kind: "StatefulSet",
    plural: "statefulsets",
    shortNames: ["sts"],
    categories: ["all"],
    subresources: ["status"],
    schema: { model: "V1StatefulSet" },
    columns: statefulSetColumns,
    admission: statefulSetAdmission,
  }),
  core({
    group: "apps",
    kind: "Deployment",
    plural: "deployments",
    shortNames: ["deploy"],
    categories: ["all"],
    subresources: ["status"],
    schema: { model: "V1Deployment" },
    columns: deploymentColumns,
    admission: deploymentAdmission,
  }),
  core({
    group: "apps",
    kind: "ReplicaSet",
    plural: "replicasets",
    shortNames: ["rs"],
    categories: ["all"],
    subresources: ["status"],
    schema: { model: "V1ReplicaSet" },
    columns: replicaSetColumns,
    admission: replicaSetAdmission,
  }),
  core({
    group: "apps",
    kind: "DaemonSet",
    plural: "daemonsets",
    shortNames: ["ds"],
    categories: ["all"],
    subresources: ["status"],
    schema: { model: "V1DaemonSet" },
    columns: daemonSetColumns,
    admission: daemonSetAdmission,
  }),
  core({
    group: "storage.k8s.io",
    kind: "VolumeAttachment",
    plural: "volumeattachments",
    scope: "Cluster",
    subresources: ["status"],
    schema: { model: "V1VolumeAttachment" },
    columns: attachmentColumns,
  }),
  ...accessKinds.map(core),
  chaos("PodChaos", podChaos, podChaosAdmission),
  chaos("NetworkChaos", networkChaos, networkChaosAdmission),
  chaos("IOChaos", ioChaos, ioChaosAdmission),
  { ...chaos("PodNetworkChaos", podNetworkChaos, {}), columns: plainColumns, subresources: ["status"] },
];

/** `v1`, `apps/v1`. */
export function apiVersionOf(resource: Pick<Resource, "group" | "version">): string {
  return resource.group === "" ? resource.version : `${resource.group}/${resource.version}`;
}

/** The resource of a path's group, version and plural, if served. */
export function findResource(group: string, version: string, plural: string): Resource | undefined {
  return resources.find((row) => row.group === group && row.version === version && row.plural === plural);
}

export function isCustom(resource: Resource): boolean {
  return "custom" in resource.schema;
}

/** Verbs of a resource itself, as discovery lists them. */
export const resourceVerbs = [
  "create",
  "delete",
  "deletecollection",
  "get",
  "list",
  "patch",
  "update",
  "watch",
] as const;
