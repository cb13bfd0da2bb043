/** Ports of printPersistentVolume, printPersistentVolumeClaim and printVolumeAttachment, pkg/printers/internalversion of Kubernetes. */
import type { LabObject } from "../../objects.ts";
import { child, strings, text } from "../json.ts";
import { ageColumn, column, nameColumn, wide } from "./column.ts";
import type { Column } from "./column.ts";

const shortModes: Record<string, string> = {
  ReadWriteOnce: "RWO",
  ReadOnlyMany: "ROX",
  ReadWriteMany: "RWX",
  ReadWriteOncePod: "RWOP",
};

function modes(holder: unknown): string {
  return strings(holder, "accessModes")
    .map((mode) => shortModes[mode] ?? mode)
    .join(",");
}

const volumeMode = (object: LabObject) => text(object.spec, "volumeMode") || "<unset>";
const attributesClass = (object: LabObject) => text(object.spec, "volumeAttributesClassName") || "<unset>";

export const volumeColumns: Column[] = [
  nameColumn,
  column("Capacity", (volume) => text(child(volume.spec, "capacity"), "storage")),
  column("Access Modes", (volume) => modes(volume.spec)),
  column("Reclaim Policy", (volume) => text(volume.spec, "persistentVolumeReclaimPolicy")),
  column("Status", (volume) => phase(volume)),
  column("Claim", claimCell),
  column("StorageClass", (volume) => text(volume.spec, "storageClassName")),
  column("VolumeAttributesClass", attributesClass),
  column("Reason", (volume) => text(volume.status, "reason")),
  ageColumn,
  wide("VolumeMode", volumeMode),
];

function claimCell(volume: LabObject): string {
  const claim = volume.spec?.["claimRef"];
  return claim === undefined ? "" : `${text(claim, "namespace")}/${text(claim, "name")}`;
}

function phase(object: LabObject): string {
  return object.metadata.deletionTimestamp === undefined ? text(object.status, "phase") : "Terminating";
}

export const claimColumns: Column[] = [
  nameColumn,
  column("Status", phase),
  column("Volume", (claim) => text(claim.spec, "volumeName")),
  column("Capacity", (claim) => (isBound(claim) ? text(child(claim.status, "capacity"), "storage") : "")),
  column("Access Modes", (claim) => (isBound(claim) ? modes(claim.status) : "")),
  column("StorageClass", (claim) => text(claim.spec, "storageClassName")),
  column("VolumeAttributesClass", attributesClass),
  ageColumn,
  wide("VolumeMode", volumeMode),
];

function isBound(claim: LabObject): boolean {
  return text(claim.spec, "volumeName") !== "";
}

export const attachmentColumns: Column[] = [
  nameColumn,
  column("Attacher", (attachment) => text(attachment.spec, "attacher")),
  column("PV", (attachment) => text(child(attachment.spec, "source"), "persistentVolumeName")),
  column("Node", (attachment) => text(attachment.spec, "nodeName")),
  column("Attached", (attachment) => String(attachment.status?.["attached"] ?? false)),
  ageColumn,
];
