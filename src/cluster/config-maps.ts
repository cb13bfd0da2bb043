import type { CoreV1Api } from "@kubernetes/client-node";
import { apiProblem, clusterError } from "./api-errors.ts";
import type { Cluster } from "./port.ts";

/** ConfigMaps of the bot's own: small, few, and each written once. */
export function configMaps(
  cluster: string,
  core: (signal?: AbortSignal) => CoreV1Api,
): Pick<Cluster, "getConfigMap" | "createConfigMap" | "deleteConfigMap"> {
  const getConfigMap: Cluster["getConfigMap"] = async (namespace, name, signal) => {
    try {
      const { metadata, data } = await core(signal).readNamespacedConfigMap({ namespace, name });
      return { uid: metadata?.uid ?? "", data: { ...data } };
    } catch (error) {
      if (apiProblem(error).status === 404) return null;
      throw clusterError(cluster, `reading ConfigMap ${namespace}/${name}`, error);
    }
  };
  const makeNamespace = async (namespace: string, signal?: AbortSignal): Promise<void> => {
    const metadata = { name: namespace, labels: { "app.kubernetes.io/managed-by": "aftershock" } };
    try {
      await core(signal).createNamespace({ body: { metadata }, fieldManager: "aftershock" });
    } catch (error) {
      if (apiProblem(error).status !== 409) throw clusterError(cluster, `creating namespace ${namespace}`, error);
    }
  };
  return {
    getConfigMap,
    createConfigMap: async (namespace, name, data, signal) => {
      const metadata = { name, namespace, labels: { "app.kubernetes.io/managed-by": "aftershock" } };
      const create = () =>
        core(signal).createNamespacedConfigMap({ namespace, body: { metadata, data }, fieldManager: "aftershock" });
      try {
        await create().catch(async (error: unknown) => {
          // The namespace is missing, since nothing else of ours is in it.
          if (apiProblem(error).status !== 404) throw error;
          await makeNamespace(namespace, signal);
          return create();
        });
        return "created";
      } catch (error) {
        if (apiProblem(error).status === 409) return "exists";
        throw clusterError(cluster, `creating ConfigMap ${namespace}/${name}`, error);
      }
    },
    deleteConfigMap: async (namespace, name, uid, signal) => {
      try {
        await core(signal).deleteNamespacedConfigMap({ namespace, name, body: { preconditions: { uid } } });
      } catch (error) {
        const { status } = apiProblem(error);
        // 404: gone. 409: another one has the name by now, and was not meant.
        if (status === 404 || status === 409) return;
        throw clusterError(cluster, `deleting ConfigMap ${namespace}/${name}`, error);
      }
    },
  };
}
