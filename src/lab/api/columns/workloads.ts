/** Ports of printStatefulSet, printService and printEndpoints, pkg/printers/internalversion of Kubernetes. */
import type { LabObject } from "../../objects.ts";
import { child, children, count, strings, text } from "../json.ts";
import { ageColumn, column, nameColumn, orNone, wide } from "./column.ts";
import type { Column } from "./column.ts";

const templateContainers = (set: LabObject) => children(child(child(set.spec, "template"), "spec"), "containers");

export const statefulSetColumns: Column[] = [
  nameColumn,
  column("Ready", (set) => `${count(set.status, "readyReplicas")}/${count(set.spec, "replicas")}`),
  ageColumn,
  wide("Containers", (set) =>
    templateContainers(set)
      .map((container) => text(container, "name"))
      .join(","),
  ),
  wide("Images", (set) =>
    templateContainers(set)
      .map((container) => text(container, "image"))
      .join(","),
  ),
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
  const pairs = Object.entries(child(service.spec, "selector")).map(([key, value]) => `${key}=${String(value)}`);
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
