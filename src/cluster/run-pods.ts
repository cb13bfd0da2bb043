import type { CoreV1Api, V1Pod } from "@kubernetes/client-node";
import { apiProblem, clusterError } from "./api-errors.ts";
import { runLabel } from "./kinds.ts";
import type { Cluster, KubernetesObject } from "./port.ts";

/** Pods of the bot's own, each with its run's label, and what any pod is like. */
export function runPods(
  cluster: string,
  core: (signal?: AbortSignal) => CoreV1Api,
): Pick<Cluster, "createPod" | "getPod" | "labelledPods"> {
  const getPod: Cluster["getPod"] = async (namespace, name, signal) => {
    try {
      return plain(await core(signal).readNamespacedPod({ namespace, name }));
    } catch (error) {
      if (apiProblem(error).status === 404) return null;
      throw clusterError(cluster, `reading pod ${namespace}/${name}`, error);
    }
  };
  return {
    getPod,
    labelledPods: async (labelSelector, signal) => {
      try {
        return (await core(signal).listPodForAllNamespaces({ labelSelector })).items.map(plain);
      } catch (error) {
        throw clusterError(cluster, `listing pods with ${labelSelector}`, error);
      }
    },
    createPod: async (manifest, signal) => {
      const { name, namespace = "default", labels } = manifest.metadata;
      try {
        const body = manifest as unknown as V1Pod;
        await core(signal).createNamespacedPod({
          namespace,
          body,
          fieldValidation: "Strict",
          fieldManager: "aftershock",
        });
      } catch (error) {
        const existing = apiProblem(error).status === 409 ? await getPod(namespace, name, signal) : null;
        // Our own earlier create whose answer was lost.
        if (existing !== null && existing.metadata.labels?.[runLabel] === labels?.[runLabel]) return;
        throw clusterError(cluster, `creating pod ${namespace}/${name}`, error);
      }
    },
  };
}

/** The client's model has `Date`s and getters; what is stored and compared must be JSON. */
function plain(pod: V1Pod): KubernetesObject {
  return { apiVersion: "v1", kind: "Pod", ...(JSON.parse(JSON.stringify(pod)) as object) } as KubernetesObject;
}
