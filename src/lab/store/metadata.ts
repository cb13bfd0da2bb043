import { isDeepStrictEqual } from "node:util";
import { randomUUID } from "node:crypto";
import type { LabObject, NewObject } from "../objects.ts";

/** RFC 3339 with whole seconds, as Kubernetes writes metadata times. */
export function timestamp(atMs: number): string {
  return new Date(Math.floor(atMs / 1000) * 1000).toISOString().replace(".000Z", "Z");
}

/** A new object with the metadata that only a server sets; what the giver set of it is ignored. */
export function withServerMetadata(object: NewObject, nowMs: number): LabObject {
  const { deletionTimestamp: _at, deletionGracePeriodSeconds: _grace, ...given } = object.metadata;
  return {
    ...object,
    metadata: {
      ...given,
      name: object.metadata.name,
      uid: randomUUID(),
      resourceVersion: "",
      generation: 1,
      creationTimestamp: timestamp(nowMs),
    },
  } as LabObject;
}

/** What an update may not touch is put back; `generation` rises when the spec changed, as API servers do it. */
export function keepServerMetadata(before: LabObject, after: LabObject): LabObject {
  const kept: LabObject = { ...after, apiVersion: before.apiVersion, kind: before.kind };
  const metadata: LabObject["metadata"] = { ...after.metadata };
  metadata.name = before.metadata.name;
  metadata.uid = before.metadata.uid;
  metadata.creationTimestamp = before.metadata.creationTimestamp;
  metadata.resourceVersion = before.metadata.resourceVersion;
  restore(metadata, before.metadata, "namespace");
  restore(metadata, before.metadata, "deletionTimestamp");
  restore(metadata, before.metadata, "deletionGracePeriodSeconds");
  restore(metadata, before.metadata, "generation");
  if (!isDeepStrictEqual(before.spec, after.spec)) metadata.generation = (before.metadata.generation ?? 0) + 1;
  kept.metadata = metadata;
  return kept;
}

function restore(
  target: LabObject["metadata"],
  source: LabObject["metadata"],
  field: "namespace" | "deletionTimestamp" | "deletionGracePeriodSeconds" | "generation",
): void {
  const value = source[field];
  if (value === undefined) delete target[field];
  else Object.assign(target, { [field]: value });
}

/** A copy marked for deletion `gracePeriodSeconds` from now; the mark itself raises `generation`, as in Kubernetes. */
export function markedForDeletion(object: LabObject, nowMs: number, gracePeriodSeconds: number): LabObject {
  return {
    ...object,
    metadata: {
      ...object.metadata,
      generation: (object.metadata.generation ?? 0) + 1,
      deletionTimestamp: timestamp(nowMs + gracePeriodSeconds * 1000),
      deletionGracePeriodSeconds: gracePeriodSeconds,
    },
  };
}

/**
 * Seconds of grace that a delete without its own value gives: pods that run somewhere get
 * `spec.terminationGracePeriodSeconds` (default 30); everything else goes at once (0).
 */
export function defaultGracePeriodSeconds(object: LabObject): number {
  if (object.kind !== "Pod" || object.spec?.["nodeName"] === undefined) return 0;
  const phase = object.status?.["phase"];
  if (phase === "Succeeded" || phase === "Failed") return 0;
  const configured = object.spec["terminationGracePeriodSeconds"];
  return typeof configured === "number" ? configured : 30;
}
