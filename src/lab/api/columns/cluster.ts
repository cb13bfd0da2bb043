/** Ports of printNode, printNamespace, printConfigMap and printSecret, pkg/printers/internalversion of Kubernetes. */
import type { LabObject } from "../../objects.ts";
import { child, children, text } from "../json.ts";
import { ageColumn, column, nameColumn, orNone, wide } from "./column.ts";
import type { Column } from "./column.ts";

export const namespaceColumns: Column[] = [
  nameColumn,
  column("Status", (namespace) => text(namespace.status, "phase")),
  ageColumn,
];

export const nodeColumns: Column[] = [
  nameColumn,
  column("Status", nodeStatus),
  column("Roles", nodeRoles),
  ageColumn,
  column("Version", (node) => text(nodeInfo(node), "kubeletVersion")),
  wide("Internal-IP", (node) => address(node, "InternalIP")),
  wide("External-IP", (node) => address(node, "ExternalIP")),
  wide("OS-Image", (node) => text(nodeInfo(node), "osImage") || "<unknown>"),
  wide("Kernel-Version", (node) => text(nodeInfo(node), "kernelVersion") || "<unknown>"),
  wide("Container-Runtime", (node) => text(nodeInfo(node), "containerRuntimeVersion") || "<unknown>"),
];

const nodeInfo = (node: LabObject) => child(node.status, "nodeInfo");

function nodeStatus(node: LabObject): string {
  const ready = children(node.status, "conditions").find((condition) => condition["type"] === "Ready");
  const states = [ready === undefined ? "Unknown" : ready["status"] === "True" ? "Ready" : "NotReady"];
  if (node.spec?.["unschedulable"] === true) states.push("SchedulingDisabled");
  return states.join(",");
}

function nodeRoles(node: LabObject): string {
  const prefix = "node-role.kubernetes.io/";
  const roles = Object.keys(node.metadata.labels ?? {})
    .filter((label) => label.startsWith(prefix))
    .map((label) => label.slice(prefix.length));
  return orNone(roles.toSorted().join(","));
}

function address(node: LabObject, type: string): string {
  const found = children(node.status, "addresses").find((entry) => entry["type"] === type);
  return orNone(text(found, "address"));
}

export const secretColumns: Column[] = [
  nameColumn,
  column("Type", (secret) => text(secret, "type")),
  column("Data", (secret) => Object.keys(child(secret, "data") ?? {}).length, "integer"),
  ageColumn,
];

export const configMapColumns: Column[] = [
  nameColumn,
  column("Data", (map) => Object.keys({ ...child(map, "data"), ...child(map, "binaryData") }).length, "integer"),
  ageColumn,
];
