import {
  CoreV1Api,
  CustomObjectsApi,
  KubeConfig,
  PatchStrategy,
  setHeaderOptions,
  type V1Pod,
} from "@kubernetes/client-node";
import { AftershockError } from "../errors.ts";
import type { PodAddress } from "../probes/system.ts";
import { clusterError } from "./api-errors.ts";
import { createCalls, type Calls, type Deadlines } from "./calls.ts";
import { connect } from "./connection.ts";
import { configMaps } from "./config-maps.ts";
import { execInPod } from "./exec.ts";
import { chaosGroup, chaosKinds, describeRef, pluralOf, runLabel } from "./kinds.ts";
import { defaultChaosMeshNamespace, readChaosMesh, servesKind } from "./chaos-mesh.ts";
import { deletePod, setSchedulable } from "./node-actions.ts";
import { readPlacement } from "./placement.ts";
import type { ChaosRef, Cluster, ClusterScope, ExecTarget, KubernetesObject, ReachMode } from "./port.ts";
import { runPods } from "./run-pods.ts";
import type { WayMemory } from "./way/decide.ts";
import { openWay } from "./way/way.ts";

export interface ClusterOptions {
  /** The name people use, e.g. `lab`. */
  name: string;
  /** Path of a kubeconfig; absent: the pod's own service account, or the default kubeconfig. */
  kubeconfig?: string;
  context?: string;
  /** Namespace of Chaos Mesh's own pods; absent: `chaos-mesh`. */
  chaosMeshNamespace?: string;
  scope?: ClusterScope;
  /** How its pods are dialled; absent: `auto`. */
  reach?: ReachMode;
  /** Of its calls, but for exec, whose callers say how long. */
  deadlines?: Deadlines;
}

/**
 * A cluster through the Kubernetes API. Rejects with AftershockError `cluster_refused` or `cluster_unreachable`;
 * written to the API, not to the lab: the lab and a real cluster are told apart by nothing here.
 */
export function openCluster(options: ClusterOptions): Cluster {
  const config = loadKubeConfig(options);
  const connection = connect(config);
  const calls = createCalls(options.name, connection, options.deadlines);
  const at = (ref: ChaosRef) => ({
    ...chaosGroup,
    plural: pluralOf(ref.kind),
    namespace: ref.namespace,
    name: ref.name,
  });
  const read = async (api: CustomObjectsApi, ref: ChaosRef): Promise<KubernetesObject> =>
    (await api.getNamespacedCustomObject(at(ref))) as KubernetesObject;
  const pods: Cluster["pods"] = (namespace, signal, labelSelector) =>
    calls.ask(
      CoreV1Api,
      `listing pods in ${namespace}`,
      async (api) => {
        const selector = labelSelector === undefined ? {} : { labelSelector };
        const list = await api.listNamespacedPod({ namespace, ...selector });
        return list.items.flatMap((pod) => podAddress(pod));
      },
      { ...calls.deadlines.list, ...until(signal) },
    );
  const memory: WayMemory = {};

  return {
    name: options.name,
    ...(options.scope === undefined ? {} : { scope: options.scope }),
    pods,
    openWay: (way) =>
      openWay({ cluster: options.name, mode: options.reach ?? "auto", config, calls, memory, pods }, way),
    getSecret: (namespace, name, signal) =>
      calls.find(
        CoreV1Api,
        `reading Secret ${namespace}/${name}`,
        async (api) => textValues((await api.readNamespacedSecret({ namespace, name })).data ?? {}),
        until(signal),
      ),
    annotationsOf: ({ kind, namespace, name }, timeoutMs, signal) =>
      calls.find(
        CoreV1Api,
        `reading ${kind} ${namespace}/${name}`,
        async (api) => {
          const { metadata } = await (kind === "Endpoints"
            ? api.readNamespacedEndpoints({ namespace, name })
            : api.readNamespacedConfigMap({ namespace, name }));
          return { ...metadata?.annotations };
        },
        { totalMs: timeoutMs, tryMs: timeoutMs, ...until(signal) },
      ),
    createChaos: (object, signal) => {
      const namespace = object.metadata.namespace ?? "default";
      const ref = { kind: object.kind, name: object.metadata.name, namespace };
      const own = {
        create: async (api: CustomObjectsApi) =>
          (await api.createNamespacedCustomObject({
            ...chaosGroup,
            plural: pluralOf(object.kind),
            namespace,
            body: object,
            fieldValidation: "Strict",
            fieldManager: "aftershock",
          })) as KubernetesObject,
        find: (api: CustomObjectsApi) => read(api, ref),
        isOurs: (found: KubernetesObject) => found.metadata.labels?.[runLabel] === object.metadata.labels?.[runLabel],
      };
      return calls.createOwn(CustomObjectsApi, `creating ${describeRef(ref)}`, own, signal);
    },
    getChaos: (ref, signal) =>
      calls.find(CustomObjectsApi, `reading ${describeRef(ref)}`, (api) => read(api, ref), until(signal)),
    listChaos: async (selector, namespace, signal) => {
      const places = namespace === undefined ? placesOf(options.scope) : [namespace];
      const lists = await Promise.all(
        chaosKinds.flatMap((kind) =>
          places.map(async (place) => {
            const query = { ...chaosGroup, plural: pluralOf(kind), labelSelector: selector };
            const list = await calls.find(
              CustomObjectsApi,
              `listing ${kind}${place === undefined ? "" : ` in ${place}`}`,
              async (api) => {
                const found: unknown = await (place === undefined
                  ? api.listClusterCustomObject(query)
                  : api.listNamespacedCustomObject({ ...query, namespace: place }));
                // Items of a list carry no kind of their own in some servers.
                return (found as { items: KubernetesObject[] }).items.map((item) => ({ ...item, kind }));
              },
              until(signal),
            );
            if (list !== null) return list;
            // A kind that this cluster does not know cannot have left anything. Any other "not found" has not said that.
            if (!(await servesKind(calls, kind, signal))) return [];
            throw new AftershockError(
              "cluster_refused",
              `Cluster ${options.name} says that it serves ${kind}, and answered "not found" when it was asked to list them.`,
              `Look whether there are any: kubectl get ${pluralOf(kind)}.${chaosGroup.group} ${place === undefined ? "-A" : `-n ${place}`} -l '${selector}'`,
            );
          }),
        ),
      );
      return lists.flat();
    },
    deleteChaos: async (ref, signal) => {
      const doing = (api: CustomObjectsApi) => api.deleteNamespacedCustomObject(at(ref));
      await calls.find(CustomObjectsApi, `deleting ${describeRef(ref)}`, doing, { ...until(signal), alsoAgain: [409] });
    },
    dropFinalizers: async (ref, signal) => {
      const merge = setHeaderOptions("Content-Type", PatchStrategy.MergePatch);
      const body = { metadata: { finalizers: null } };
      const doing = (api: CustomObjectsApi) => api.patchNamespacedCustomObject({ ...at(ref), body }, merge);
      await calls.find(CustomObjectsApi, `freeing ${describeRef(ref)}`, doing, { ...until(signal), alsoAgain: [409] });
    },
    ...runPods(calls, placesOf(options.scope)),
    ...configMaps(calls),
    chaosMesh: (signal) => readChaosMesh(calls, options.chaosMeshNamespace ?? defaultChaosMeshNamespace, signal),
    placement: (signal) => readPlacement(calls, signal),
    setSchedulable: (node, change, signal) => setSchedulable(calls, node, change, signal),
    deletePod: (pod, signal) => deletePod(calls, pod, signal),
    exec: async (target, command, execOptions = {}) => {
      const container = target.container ?? (await firstContainer(calls, target, execOptions.signal));
      try {
        return await execInPod(config, { ...target, container }, command, execOptions);
      } catch (error) {
        const what = `running ${command[0] ?? "a command"} in ${target.namespace}/${target.pod}`;
        throw clusterError(options.name, what, error);
      }
    },
    close: () => connection.close(),
  };
}

/** The name of the context that would be used. Throws what is wrong with the kubeconfig. */
export function currentContext(options: Omit<ClusterOptions, "name">): string {
  const config = loadKubeConfig(options);
  if (config.getCurrentCluster() === null) throw new Error(`it has no context "${config.getCurrentContext()}"`);
  return config.getCurrentContext();
}

/** Its kubeconfig. Throws what is wrong with the file, or that there is none. */
export function loadKubeConfig(options: Pick<ClusterOptions, "kubeconfig" | "context">): KubeConfig {
  const config = new KubeConfig();
  if (options.kubeconfig === undefined) config.loadFromDefault();
  else config.loadFromFile(options.kubeconfig);
  if (options.context !== undefined) config.setCurrentContext(options.context);
  return config;
}

/** Where is looked for what may be in any namespace: one question for all (undefined), or one for each. */
function placesOf(scope: ClusterScope | undefined): ReadonlyArray<string | undefined> {
  return scope?.namespaces ?? [undefined];
}

const until = (signal: AbortSignal | undefined): { signal?: AbortSignal } => (signal === undefined ? {} : { signal });

function firstContainer(calls: Calls, target: ExecTarget, signal: AbortSignal | undefined): Promise<string> {
  const { namespace, pod: name } = target;
  const read = async (api: CoreV1Api): Promise<string> =>
    (await api.readNamespacedPod({ namespace, name })).spec?.containers[0]?.name ?? "";
  return calls.ask(CoreV1Api, `reading pod ${namespace}/${name}`, read, until(signal));
}

/** Values of a Secret come in base64 (kubernetes.io, Secrets). */
function textValues(data: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, Buffer.from(value, "base64").toString("utf8")]),
  );
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
