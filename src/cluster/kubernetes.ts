import { CoreV1Api, CustomObjectsApi, KubeConfig, type V1Pod } from "@kubernetes/client-node";
import type { PodAddress } from "../probes/system.ts";
import { apiProblem, clusterError } from "./api-errors.ts";
import { connect } from "./connection.ts";
import { configMaps } from "./config-maps.ts";
import { execInPod } from "./exec.ts";
import { chaosGroup, chaosKinds, describeRef, pluralOf, runLabel } from "./kinds.ts";
import { deletePod, setSchedulable } from "./node-actions.ts";
import { readPlacement } from "./placement.ts";
import type { ChaosRef, Cluster, KubernetesObject } from "./port.ts";
import { runPods } from "./run-pods.ts";

/** Every call ends after this long, whatever the server does. */
const callTimeoutMs = 10_000;
/** Listing pods may take longer: the lab starts a system when its namespace is first asked for. */
const listPodsTimeoutMs = 35_000;

export interface ClusterOptions {
  /** The name people use, e.g. `lab`. */
  name: string;
  /** Path of a kubeconfig; absent: the pod's own service account, or the default kubeconfig. */
  kubeconfig?: string;
  context?: string;
}

/**
 * A cluster through the Kubernetes API. Rejects with AftershockError `cluster_refused` or `cluster_unreachable`;
 * written to the API, not to the lab: the lab and a real cluster are told apart by nothing here.
 */
export function openCluster(options: ClusterOptions): Cluster {
  const config = loadConfig(options);
  const connection = connect(config);
  const bounded = (signal?: AbortSignal, timeoutMs = callTimeoutMs): AbortSignal => {
    const limit = AbortSignal.timeout(timeoutMs);
    return signal === undefined ? limit : AbortSignal.any([signal, limit]);
  };
  const core = (signal?: AbortSignal): CoreV1Api => connection.api(CoreV1Api, bounded(signal));
  const custom = (signal?: AbortSignal): CustomObjectsApi => connection.api(CustomObjectsApi, bounded(signal));
  const doing = async <T>(what: string, call: Promise<T>): Promise<T> => {
    try {
      return await call;
    } catch (error) {
      throw clusterError(options.name, what, error);
    }
  };
  const at = (ref: ChaosRef) => ({
    ...chaosGroup,
    plural: pluralOf(ref.kind),
    namespace: ref.namespace,
    name: ref.name,
  });

  const get = async (ref: ChaosRef, signal?: AbortSignal): Promise<KubernetesObject | null> => {
    try {
      return (await custom(signal).getNamespacedCustomObject(at(ref))) as KubernetesObject;
    } catch (error) {
      if (apiProblem(error).status === 404) return null;
      throw clusterError(options.name, `reading ${describeRef(ref)}`, error);
    }
  };

  return {
    name: options.name,
    pods: async (namespace, signal, labelSelector) => {
      const list = await doing(
        `listing pods in ${namespace}`,
        connection.api(CoreV1Api, bounded(signal, listPodsTimeoutMs)).listNamespacedPod({
          namespace,
          ...(labelSelector === undefined ? {} : { labelSelector }),
        }),
      );
      return list.items.flatMap((pod) => podAddress(pod));
    },
    createChaos: async (object, signal) => {
      const namespace = object.metadata.namespace ?? "default";
      const ref = { kind: object.kind, name: object.metadata.name, namespace };
      try {
        const created: unknown = await custom(signal).createNamespacedCustomObject({
          ...chaosGroup,
          plural: pluralOf(object.kind),
          namespace,
          body: object,
          fieldValidation: "Strict",
          fieldManager: "aftershock",
        });
        return created as KubernetesObject;
      } catch (error) {
        const existing = apiProblem(error).status === 409 ? await get(ref, signal) : null;
        // Our own earlier create whose answer was lost: not a second injection.
        if (existing !== null && existing.metadata.labels?.[runLabel] === object.metadata.labels?.[runLabel]) {
          return existing;
        }
        throw clusterError(options.name, `creating ${describeRef(ref)}`, error);
      }
    },
    getChaos: get,
    listChaos: async (selector, namespace, signal) => {
      const lists = await Promise.all(
        chaosKinds.map(async (kind) => {
          const query = { ...chaosGroup, plural: pluralOf(kind), labelSelector: selector };
          try {
            const list: unknown = await (namespace === undefined
              ? custom(signal).listClusterCustomObject(query)
              : custom(signal).listNamespacedCustomObject({ ...query, namespace }));
            // Items of a list carry no kind of their own in some servers.
            return (list as { items: KubernetesObject[] }).items.map((item) => ({ ...item, kind }));
          } catch (error) {
            // A kind that this cluster does not know cannot have left anything.
            if (apiProblem(error).status === 404) return [];
            throw clusterError(options.name, `listing ${kind}`, error);
          }
        }),
      );
      return lists.flat();
    },
    deleteChaos: async (ref, signal) => {
      try {
        await custom(signal).deleteNamespacedCustomObject(at(ref));
      } catch (error) {
        if (apiProblem(error).status !== 404) throw clusterError(options.name, `deleting ${describeRef(ref)}`, error);
      }
    },
    dropFinalizers: async (ref, signal) => {
      try {
        // The client's default for patches is JSON Patch (RFC 6902), and a list is what that wants.
        await custom(signal).patchNamespacedCustomObject({
          ...at(ref),
          body: [{ op: "replace", path: "/metadata/finalizers", value: [] }],
        });
      } catch (error) {
        if (apiProblem(error).status !== 404) throw clusterError(options.name, `freeing ${describeRef(ref)}`, error);
      }
    },
    ...runPods(options.name, core),
    ...configMaps(options.name, core),
    placement: (signal) =>
      readPlacement({ api: (type, inner) => connection.api(type, bounded(inner, listPodsTimeoutMs)), doing }, signal),
    setSchedulable: (node, change, signal) => setSchedulable(core(signal), node, change, doing),
    deletePod: (pod, signal) => deletePod(core(signal), pod, doing),
    exec: async (target, command, execOptions = {}) => {
      const container = target.container ?? (await firstContainer(core(execOptions.signal), target));
      return doing(
        `running ${command[0] ?? "a command"} in ${target.namespace}/${target.pod}`,
        execInPod(config, { ...target, container }, command, execOptions),
      );
    },
    close: () => connection.close(),
  };
}

/** The name of the context that would be used. Throws what is wrong with the kubeconfig. */
export function currentContext(options: Omit<ClusterOptions, "name">): string {
  const config = loadConfig({ name: "", ...options });
  if (config.getCurrentCluster() === null) throw new Error(`it has no context "${config.getCurrentContext()}"`);
  return config.getCurrentContext();
}

function loadConfig(options: ClusterOptions): KubeConfig {
  const config = new KubeConfig();
  if (options.kubeconfig === undefined) config.loadFromDefault();
  else config.loadFromFile(options.kubeconfig);
  if (options.context !== undefined) config.setCurrentContext(options.context);
  return config;
}

async function firstContainer(api: CoreV1Api, target: { namespace: string; pod: string }): Promise<string> {
  const pod = await api.readNamespacedPod({ namespace: target.namespace, name: target.pod });
  return pod.spec?.containers[0]?.name ?? "";
}

/** Nothing for a pod that has no address yet. */
function podAddress(pod: V1Pod): PodAddress[] {
  const { name, namespace, uid } = pod.metadata ?? {};
  const host = pod.status?.podIP;
  if (name === undefined || namespace === undefined || uid === undefined || host === undefined) return [];
  const ready = pod.status?.conditions?.some((condition) => condition.type === "Ready" && condition.status === "True");
  const started = (pod.status?.containerStatuses ?? []).filter((status) => status.containerID !== undefined);
  const containerIds = Object.fromEntries(started.map((status) => [status.name, status.containerID ?? ""]));
  const node = pod.spec?.nodeName;
  const claims = (pod.spec?.volumes ?? []).flatMap((volume) => volume.persistentVolumeClaim?.claimName ?? []);
  const labels = pod.metadata?.labels ?? {};
  return [
    {
      name,
      namespace,
      uid,
      host,
      labels,
      ready: ready ?? false,
      containerIds,
      claims,
      ...(node === undefined ? {} : { node }),
    },
  ];
}
