import type { LabObject } from "../objects.ts";

/** Annotation of a pod that no process is started for: it stands for a part of the lab itself, which it names. */
export const standsForAnnotation = "lab.aftershock.dev/stands-for";

export function isStandIn(pod: LabObject): boolean {
  return pod.metadata.annotations?.[standsForAnnotation] !== undefined;
}
