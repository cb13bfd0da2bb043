import { CoreV1Api, type V1Pod } from "@kubernetes/client-node";
import type { Calls } from "./calls.ts";
import { runLabel } from "./kinds.ts";
import type { Cluster, KubernetesObject } from "./port.ts";

/** Pods of the bot's own, each with its run's label, and what any pod is like. */
export function runPods(
  calls: Calls,
  /** Namespaces in which pods with a label are looked for; undefined: all at once. */
  places: ReadonlyArray<string | undefined>,
): Pick<Cluster, "createPod" | "getPod" | "labelledPods"> {
  const read =
    (namespace: string, name: string) =>
    async (api: CoreV1Api): Promise<KubernetesObject> =>
      plain(await api.readNamespacedPod({ namespace, name }));
  return {
    getPod: (namespace, name, signal) =>
      calls.find(
        CoreV1Api,
        `reading pod ${namespace}/${name}`,
        read(namespace, name),
        signal === undefined ? {} : { signal },
      ),
    labelledPods: async (labelSelector, signal) => {
      const patience = { ...calls.deadlines.list, ...(signal === undefined ? {} : { signal }) };
      const lists = await Promise.all(
        places.map((namespace) =>
          calls.ask(
            CoreV1Api,
            `listing pods with ${labelSelector}${namespace === undefined ? "" : ` in ${namespace}`}`,
            async (api) => {
              const list = await (namespace === undefined
                ? api.listPodForAllNamespaces({ labelSelector })
                : api.listNamespacedPod({ namespace, labelSelector }));
              return list.items.map(plain);
            },
            patience,
          ),
        ),
      );
      return lists.flat();
    },
    createPod: async (manifest, signal) => {
      const { name, namespace = "default", labels } = manifest.metadata;
      const body = manifest as unknown as V1Pod;
      const own = {
        create: async (api: CoreV1Api) =>
          plain(
            await api.createNamespacedPod({ namespace, body, fieldValidation: "Strict", fieldManager: "aftershock" }),
          ),
        find: read(namespace, name),
        isOurs: (found: KubernetesObject) => found.metadata.labels?.[runLabel] === labels?.[runLabel],
      };
      await calls.createOwn(CoreV1Api, `creating pod ${namespace}/${name}`, own, signal);
    },
  };
}

/** The client's model has `Date`s and getters; what is stored and compared must be JSON. */
function plain(pod: V1Pod): KubernetesObject {
  return { apiVersion: "v1", kind: "Pod", ...(JSON.parse(JSON.stringify(pod)) as object) } as KubernetesObject;
}
