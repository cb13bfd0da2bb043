/** Ports of printStatefulSet, printDeployment, printReplicaSet, printDaemonSet, printService and printEndpoints, pkg/printers/internalversion of Kubernetes. */
import type { LabObject } from "../../objects.ts";
import { child, children, count, strings, text } from "../json.ts";
import { ageColumn, column, nameColumn, orNone, wide } from "./column.ts";
import type { Json } from "../json.ts";
import type { Column } from "./column.ts";

const templateContainers = (set: LabObject) => children(child(child(set.spec, "template"), "spec"), "containers");

const wideContainers: Column[] = ["name", "image"].map((field) =>
  wide(field === "name" ? "Containers" : "Images", (set) =>
    templateContainers(set)
      .map((container) => text(container, field))
      .join(","),
  ),
);

export const statefulSetColumns: Column[] = [
  nameColumn,
  column("Ready", (set) => `${count(set.status, "readyReplicas")}/${count(set.spec, "replicas")}`),
  ageColumn,
  ...wideContainers,
];

const wideSelector = wide("Selector", (set) => selectorText(child(set.spec, "selector")));

export const deploymentColumns: Column[] = [
  nameColumn,
  column("Ready", (deployment) => `${count(deployment.status, "readyReplicas")}/${count(deployment.spec, "replicas")}`),
  column("Up-to-date", (deployment) => count(deployment.status, "updatedReplicas"), "integer"),
  column("Available", (deployment) => count(deployment.status, "availableReplicas"), "integer"),
  ageColumn,
  ...wideContainers,
  wideSelector,
];

export const replicaSetColumns: Column[] = [
  nameColumn,
  column("Desired", (set) => count(set.spec, "replicas"), "integer"),
  column("Current", (set) => count(set.status, "replicas"), "integer"),
  column("Ready", (set) => count(set.status, "readyReplicas"), "integer"),
  ageColumn,
  ...wideContainers,
  wideSelector,
];

export const daemonSetColumns: Column[] = [
  nameColumn,
  column("Desired", (set) => count(set.status, "desiredNumberScheduled"), "integer"),
  column("Current", (set) => count(set.status, "currentNumberScheduled"), "integer"),
  column("Ready", (set) => count(set.status, "numberReady"), "integer"),
  column("Up-to-date", (set) => count(set.status, "updatedNumberScheduled"), "integer"),
  column("Available", (set) => count(set.status, "numberAvailable"), "integer"),
  column("Node Selector", (set) => selectorPairs(child(child(child(set.spec, "template"), "spec"), "nodeSelector"))),
  ageColumn,
  ...wideContainers,
  wideSelector,
];

export const serviceColumns: Column[] = [
  nameColumn,
  column("Type", (service) => text(service.spec, "type") || "ClusterIP"),
  column("Cluster-IP", (service) => orNone(text(service.spec, "clusterIP"))),
  column("External-IP", (service) => orNone(strings(service.spec, "externalIPs").join(","))),
  column("Port(s)", portsCell),
  ageColumn,
  wide("Selector", selectorCell),
];

function portsCell(service: LabObject): string {
  const ports = children(service.spec, "ports").map((port) => {
    const nodePort = count(port, "nodePort");
    const shown = nodePort === 0 ? `${count(port, "port")}` : `${count(port, "port")}:${nodePort}`;
    return `${shown}/${text(port, "protocol") || "TCP"}`;
  });
  return orNone(ports.join(","));
}

function selectorCell(service: LabObject): string {
  return selectorPairs(child(service.spec, "selector"));
}

function selectorText(selector: Json): string {
  return selectorPairs(child(selector, "matchLabels"));
}

function selectorPairs(labels: Json): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}=${String(value)}`);
  return orNone(pairs.toSorted().join(","));
}

export const endpointsColumns: Column[] = [nameColumn, column("Endpoints", endpointsCell), ageColumn];

function endpointsCell(endpoints: LabObject): string {
  const shown = children(endpoints, "subsets").flatMap((subset) => {
    const addresses = children(subset, "addresses").map((address) => text(address, "ip"));
    const ports = children(subset, "ports").map((port) => count(port, "port"));
    if (ports.length === 0) return addresses;
    return ports.flatMap((port) => addresses.map((ip) => `${ip}:${port}`));
  });
  const more = shown.length > 3 ? ` + ${shown.length - 3} more...` : "";
  return orNone(`${shown.slice(0, 3).join(",")}${more}`);
}
