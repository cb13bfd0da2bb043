import {
  AppsV1Api,
  CoreV1Api,
  PolicyV1Api,
  StorageV1Api,
  type ApiType,
  type Configuration,
  type V1PersistentVolume,
} from "@kubernetes/client-node";
import type { Placement, VolumeView } from "../probes/placement.ts";
import { apiProblem } from "./api-errors.ts";
import { nodeView, podPlacement } from "./placement-views.ts";

/** How `placement` reaches the cluster: an API object whose calls are bounded, and errors put in words. */
export interface Reach {
  api<T extends ApiType>(type: new (configuration: Configuration) => T, signal?: AbortSignal): T;
  doing<T>(what: string, call: Promise<T>): Promise<T>;
}

/** Reads where pods run and where their volumes are. */
export function readPlacement({ api, doing }: Reach, signal?: AbortSignal): Placement {
  const core = (): CoreV1Api => api(CoreV1Api, signal);
  /** Null for what does not exist, and for a kind that this cluster does not serve. */
  const orNull = async <T>(what: string, call: Promise<T>): Promise<T | null> => {
    try {
      return await call;
    } catch (error) {
      return apiProblem(error).status === 404 ? null : doing(what, Promise.reject(error as Error));
    }
  };
  return {
    pods: async (namespace) => {
      const list = await (namespace === undefined
        ? doing("listing all pods", core().listPodForAllNamespaces())
        : doing(`listing pods in ${namespace}`, core().listNamespacedPod({ namespace })));
      return list.items.map(podPlacement);
    },
    pod: async (namespace, name) => {
      const pod = await orNull(`reading pod ${name}`, core().readNamespacedPod({ namespace, name }));
      return pod === null ? null : podPlacement(pod);
    },
    nodes: async () => (await doing("listing nodes", core().listNode())).items.map(nodeView),
    node: async (name) => {
      const node = await orNull(`reading node ${name}`, core().readNode({ name }));
      return node === null ? null : nodeView(node);
    },
    volumesOf: async (namespace, name) => {
      const pod = await orNull(`reading pod ${name}`, core().readNamespacedPod({ namespace, name }));
      const claims = (pod?.spec?.volumes ?? []).flatMap((volume) => volume.persistentVolumeClaim?.claimName ?? []);
      const views = await Promise.all(
        claims.map(async (claim) => {
          const what = `reading the volume of ${claim}`;
          const found = await orNull(what, core().readNamespacedPersistentVolumeClaim({ namespace, name: claim }));
          const bound = found?.spec?.volumeName;
          if (bound === undefined) return [];
          const volume = await orNull(what, core().readPersistentVolume({ name: bound }));
          return volume === null ? [] : [volumeView(claim, volume)];
        }),
      );
      return views.flat();
    },
    attachments: async () => {
      const list = await doing("listing volume attachments", api(StorageV1Api, signal).listVolumeAttachment());
      return list.items.map(({ metadata, spec, status }) => ({
        name: metadata?.name ?? "",
        volume: spec.source.persistentVolumeName ?? "",
        node: spec.nodeName,
        attached: status?.attached === true,
        detaching: metadata?.deletionTimestamp !== undefined,
      }));
    },
    statefulSet: async (namespace, name) => {
      const call = api(AppsV1Api, signal).readNamespacedStatefulSet({ namespace, name });
      const set = await orNull(`reading StatefulSet ${name}`, call);
      if (set === null) return {};
      return {
        podManagementPolicy: set.spec?.podManagementPolicy ?? "OrderedReady",
        replicas: String(set.spec?.replicas ?? 1),
      };
    },
    budgets: async (namespace, labels) => {
      const call = api(PolicyV1Api, signal).listNamespacedPodDisruptionBudget({ namespace });
      const list = await orNull("listing PodDisruptionBudgets", call);
      return (list?.items ?? [])
        .filter(({ spec }) =>
          Object.entries(spec?.selector?.matchLabels ?? {}).every(([key, value]) => labels[key] === value),
        )
        .map(({ metadata, status }) => ({ name: metadata?.name ?? "", allowed: status?.disruptionsAllowed ?? 0 }));
    },
  };
}

/** Where a PersistentVolume's own description of its storage stands, by the name of its field. */
const sources = ["csi", "local", "hostPath", "nfs", "awsElasticBlockStore", "gcePersistentDisk", "azureDisk", "rbd"];

/** A PersistentVolume as guards and findings need it. */
export function volumeView(claim: string, volume: V1PersistentVolume): VolumeView {
  const { metadata, spec } = volume;
  const terms = spec?.nodeAffinity?.required?.nodeSelectorTerms ?? [];
  const described = terms.map((term) =>
    (term.matchExpressions ?? [])
      .map(({ key, operator, values }) => `${key} ${operator}${values === undefined ? "" : ` [${values.join(", ")}]`}`)
      .join(" and "),
  );
  return {
    claim,
    name: metadata?.name ?? "",
    uid: metadata?.uid ?? "",
    source:
      sources.find((source) => spec !== undefined && Object.hasOwn(spec, source) && Object(spec)[source]) ?? "unknown",
    handle: spec?.csi?.volumeHandle ?? null,
    storageClass: spec?.storageClassName ?? null,
    accessModes: spec?.accessModes ?? [],
    nodeAffinity: terms.length === 0 ? null : described.join(" or "),
    fits: (labels) =>
      terms.length === 0 ||
      terms.some((term) =>
        (term.matchExpressions ?? []).every(({ key, operator, values = [] }) => {
          const value = labels[key];
          switch (operator) {
            case "In":
              return value !== undefined && values.includes(value);
            case "NotIn":
              return value === undefined || !values.includes(value);
            case "Exists":
              return value !== undefined;
            case "DoesNotExist":
              return value === undefined;
            default:
              return false;
          }
        }),
      ),
  };
}
