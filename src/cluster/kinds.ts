import type { ChaosRef } from "./port.ts";

/** Chaos Mesh's API group; plural and singular are the kind in lower case (anchors: its CRDs). */
export const chaosGroup = { group: "chaos-mesh.org", version: "v1alpha1" } as const;

/** Kinds that the bot may create, and therefore looks for when it searches for leftovers. */
export const chaosKinds = ["NetworkChaos", "PodChaos", "IOChaos"] as const;

export const apiVersion = `${chaosGroup.group}/${chaosGroup.version}`;

/** Label on every object of ours: the run that owns it. */
export const runLabel = "aftershock.dev/run";

/** Beside it: the database that knows that run. Run numbers of two databases on one cluster are the same numbers. */
export const installationLabel = "aftershock.dev/installation";

export function pluralOf(kind: string): string {
  return kind.toLowerCase();
}

/** `NetworkChaos cache/run-12-partition`, for messages. */
export function describeRef(ref: ChaosRef): string {
  return `${ref.kind} ${ref.namespace}/${ref.name}`;
}
