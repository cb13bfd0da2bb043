import { AppsV1Api, CoreV1Api, PolicyV1Api, StorageV1Api, type V1PersistentVolume } from "@kubernetes/client-node";
import type { Placement, VolumeView } from "../probes/placement.ts";
import type { Calls } from "./calls.ts";
import { nodeView, podPlacement } from "./placement-views.ts";

/** Reads where pods run and where their volumes are. */
export function readPlacement(calls: Calls, signal?: AbortSignal): Placement {
  const patience = { ...calls.deadlines.list, ...(signal === undefined ? {} : { signal }) };
  const core = <T>(what: string, work: (api: CoreV1Api) => Promise<T>): Promise<T> =>
    calls.ask(CoreV1Api, what, work, patience);
  /** Null for what does not exist, and for a kind that this cluster does not serve. */
  const find = <T>(what: string, work: (api: CoreV1Api) => Promise<T>): Promise<T | null> =>
    calls.find(CoreV1Api, what, work, patience);
  return {
    pods: async (namespace) => {
      const list = await (namespace === undefined
        ? core("listing all pods", (api) => api.listPodForAllNamespaces())
        : core(`listing pods in ${namespace}`, (api) => api.listNamespacedPod({ namespace })));
      return list.items.map(podPlacement);
    },
    pod: async (namespace, name) => {
      const pod = await find(`reading pod ${name}`, (api) => api.readNamespacedPod({ namespace, name }));
      return pod === null ? null : podPlacement(pod);
    },
    nodes: async () => (await core("listing nodes", (api) => api.listNode())).items.map(nodeView),
    node: async (name) => {
      const node = await find(`reading node ${name}`, (api) => api.readNode({ name }));
      return node === null ? null : nodeView(node);
    },
    volumesOf: async (namespace, name) => {
      const pod = await find(`reading pod ${name}`, (api) => api.readNamespacedPod({ namespace, name }));
      const claims = (pod?.spec?.volumes ?? []).flatMap((volume) => volume.persistentVolumeClaim?.claimName ?? []);
      const views = await Promise.all(
        claims.map(async (claim) => {
          const what = `reading the volume of ${claim}`;
          const found = await find(what, (api) => api.readNamespacedPersistentVolumeClaim({ namespace, name: claim }));
          const bound = found?.spec?.volumeName;
          if (bound === undefined) return [];
          const volume = await find(what, (api) => api.readPersistentVolume({ name: bound }));
          return volume === null ? [] : [volumeView(claim, volume)];
        }),
      );
      return views.flat();
    },
    attachments: async () => {
      const read = (api: StorageV1Api) => api.listVolumeAttachment();
      const list = await calls.ask(StorageV1Api, "listing volume attachments", read, patience);
      return list.items.map(({ metadata, spec, status }) => ({
        name: metadata?.name ?? "",
        volume: spec.source.persistentVolumeName ?? "",
        node: spec.nodeName,
        attached: status?.attached === true,
        detaching: metadata?.deletionTimestamp !== undefined,
      }));
    },
    statefulSet: async (namespace, name) => {
      const read = (api: AppsV1Api) => api.readNamespacedStatefulSet({ namespace, name });
      const set = await calls.find(AppsV1Api, `reading StatefulSet ${name}`, read, patience);
      if (set === null) return {};
      return {
        podManagementPolicy: set.spec?.podManagementPolicy ?? "OrderedReady",
        replicas: String(set.spec?.replicas ?? 1),
      };
    },
    budgets: async (namespace, labels) => {
      const read = (api: PolicyV1Api) => api.listNamespacedPodDisruptionBudget({ namespace });
      const list = await calls.find(PolicyV1Api, "listing PodDisruptionBudgets", read, patience);
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
