import { CoreV1Api } from "@kubernetes/client-node";
import { apiProblem } from "./api-errors.ts";
import type { Calls } from "./calls.ts";
import type { Cluster } from "./port.ts";

const managed = { "app.kubernetes.io/managed-by": "aftershock" };

/** ConfigMaps of the bot's own: small, few, and each written once. */
export function configMaps(calls: Calls): Pick<Cluster, "getConfigMap" | "createConfigMap" | "deleteConfigMap"> {
  const until = (signal?: AbortSignal): { signal?: AbortSignal } => (signal === undefined ? {} : { signal });
  return {
    getConfigMap: (namespace, name, signal) =>
      calls.find(
        CoreV1Api,
        `reading ConfigMap ${namespace}/${name}`,
        async (api) => {
          const { metadata, data } = await api.readNamespacedConfigMap({ namespace, name });
          return { uid: metadata?.uid ?? "", data: { ...data } };
        },
        until(signal),
      ),
    createConfigMap: (namespace, name, data, signal) =>
      calls.ask(
        CoreV1Api,
        `creating ConfigMap ${namespace}/${name}`,
        async (api, { unsure }) => {
          const body = { metadata: { name, namespace, labels: managed }, data };
          const create = () => api.createNamespacedConfigMap({ namespace, body, fieldManager: "aftershock" });
          try {
            await create().catch(async (error: unknown) => {
              // The namespace is missing, since nothing else of ours is in it.
              if (apiProblem(error).status !== 404) throw error;
              await makeNamespace(api, namespace);
              return create();
            });
            return "created";
          } catch (error) {
            if (apiProblem(error).status !== 409) throw error;
            // What is there may be our own, of a try whose answer was lost.
            return unsure && (await holds(api, namespace, name, data)) ? "created" : "exists";
          }
        },
        until(signal),
      ),
    deleteConfigMap: async (namespace, name, uid, signal) => {
      const what = `deleting ConfigMap ${namespace}/${name}`;
      await calls.find(
        CoreV1Api,
        what,
        async (api) => {
          try {
            await api.deleteNamespacedConfigMap({ namespace, name, body: { preconditions: { uid } } });
          } catch (error) {
            // Another one has the name by now, and was not meant.
            if (apiProblem(error).status !== 409) throw error;
          }
        },
        until(signal),
      );
    },
  };
}

async function makeNamespace(api: CoreV1Api, namespace: string): Promise<void> {
  try {
    await api.createNamespace({ body: { metadata: { name: namespace, labels: managed } }, fieldManager: "aftershock" });
  } catch (error) {
    if (apiProblem(error).status !== 409) throw error;
  }
}

async function holds(
  api: CoreV1Api,
  namespace: string,
  name: string,
  data: Readonly<Record<string, string>>,
): Promise<boolean> {
  const found = (await api.readNamespacedConfigMap({ namespace, name })).data ?? {};
  const keys = Object.keys(data);
  return keys.length === Object.keys(found).length && keys.every((key) => found[key] === data[key]);
}
