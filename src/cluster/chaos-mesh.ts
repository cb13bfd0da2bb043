import { ApisApi, CoreV1Api, CustomObjectsApi, type V1Pod } from "@kubernetes/client-node";
import type { Calls } from "./calls.ts";
import { chaosGroup, pluralOf } from "./kinds.ts";
import type { ChaosMesh, ChaosMeshPod } from "./port.ts";

/** Where Chaos Mesh's installation guide puts it. */
export const defaultChaosMeshNamespace = "chaos-mesh";

/** Label of Chaos Mesh's own pods (its Helm chart), and the two of its components that a fault needs. */
const componentLabel = "app.kubernetes.io/component";
/** Label that its Helm chart puts the version in (kubernetes.io, Recommended labels). */
const versionLabel = "app.kubernetes.io/version";
const controller = "controller-manager";
const daemon = "chaos-daemon";

/** Chaos Mesh's controllers and daemons, as their pods are now. */
export async function readChaosMesh(calls: Calls, namespace: string, signal?: AbortSignal): Promise<ChaosMesh> {
  const labelSelector = `${componentLabel} in (${controller},${daemon})`;
  const list = await calls.ask(
    CoreV1Api,
    `listing Chaos Mesh's pods in ${namespace}`,
    (api) => api.listNamespacedPod({ namespace, labelSelector }),
    signal === undefined ? {} : { signal },
  );
  const of = (component: string): ChaosMeshPod[] =>
    list.items.filter((pod) => pod.metadata?.labels?.[componentLabel] === component).map(ownPod);
  return { namespace, controllers: of(controller), daemons: of(daemon) };
}

function ownPod({ metadata, spec, status }: V1Pod): ChaosMeshPod {
  const ready = status?.conditions?.some(({ type, status: holds }) => type === "Ready" && holds === "True") ?? false;
  const version = metadata?.labels?.[versionLabel];
  const containers = (status?.containerStatuses ?? []).map(({ containerID }) => containerID ?? "none");
  return {
    name: metadata?.name ?? "",
    node: spec?.nodeName ?? null,
    // One that is being deleted heals what it holds and takes nothing more.
    ready: ready && metadata?.deletionTimestamp === undefined,
    instance: [metadata?.uid ?? "", ...containers].join(" "),
    ...(version === undefined ? {} : { version }),
  };
}

/**
 * Whether the server knows a chaos kind at all, by its discovery: the one thing that makes "not found" for a list mean
 * that there is none. Rejects when discovery does not answer.
 */
export async function servesKind(calls: Calls, kind: string, signal?: AbortSignal): Promise<boolean> {
  const patience = signal === undefined ? {} : { signal };
  const { groups } = await calls.ask(
    ApisApi,
    "reading which API groups there are",
    (api) => api.getAPIVersions(),
    patience,
  );
  const versions = groups.find(({ name }) => name === chaosGroup.group)?.versions ?? [];
  if (!versions.some(({ version }) => version === chaosGroup.version)) return false;
  const { resources } = await calls.ask(
    CustomObjectsApi,
    `reading the kinds of ${chaosGroup.group}`,
    (api) => api.getAPIResources(chaosGroup),
    patience,
  );
  return resources.some(({ name }) => name === pluralOf(kind));
}
