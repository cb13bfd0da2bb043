import { readFileSync } from "node:fs";
import { PassThrough } from "node:stream";
import {
  ApiException,
  CustomObjectsApi,
  Exec,
  KubeConfig,
  KubernetesObjectApi,
  PatchStrategy,
  setHeaderOptions,
  Watch,
  type KubernetesObject,
  type V1Status,
} from "@kubernetes/client-node";
import { openCluster } from "../../src/cluster/kubernetes.ts";
import type { Ran } from "../support/kubectl.ts";
import { kindOf, Refused, type Client, type Change, type Ref, type Thing } from "./client.ts";

const execWithinMs = 60_000;
const group = "chaos-mesh.org";
const version = "v1alpha1";

/**
 * The JavaScript client that the bot itself uses, without the bot's own wrapper; but ports are forwarded by the bot's own,
 * for that is what it uses there.
 */
export function nodeClient(kubeconfig: string): Client {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const api = KubernetesObjectApi.makeApiClient(config);
  const custom = config.makeApiClient(CustomObjectsApi);
  const header = ({ kind, namespace, name }: Ref) => ({
    apiVersion: kindOf(kind).apiVersion,
    kind,
    metadata: { namespace, name },
  });
  return {
    name: "client-node",
    version: async () => {
      const manifest = new URL("../../node_modules/@kubernetes/client-node/package.json", import.meta.url);
      return `v${(JSON.parse(readFileSync(manifest, "utf8")) as { version: string }).version}`;
    },
    create: (thing, validation = "strict") =>
      answered(async () => {
        if (!thing.apiVersion.startsWith(`${group}/`))
          return plain(await api.create(thing as unknown as KubernetesObject));
        const { namespace = "default" } = thing.metadata;
        const fieldValidation = validation === "strict" ? "Strict" : "Ignore";
        const { plural } = kindOf(thing.kind);
        return plain(
          await custom.createNamespacedCustomObject({
            group,
            version,
            plural,
            namespace,
            body: thing,
            fieldValidation,
          }),
        );
      }),
    get: async (ref) => {
      try {
        return await answered(async () => plain(await api.read(header(ref))));
      } catch (error) {
        if (error instanceof Refused && error.isNotFound) return null;
        throw error;
      }
    },
    list: (kind, namespace) =>
      answered(async () => (await api.list(kindOf(kind).apiVersion, kind, namespace)).items.map(plain)),
    remove: async (ref) => {
      await answered(() => api.delete(header(ref)));
    },
    mergePatch: ({ kind, namespace, name }, body) =>
      answered(async () => {
        const merge = setHeaderOptions("Content-Type", PatchStrategy.MergePatch);
        const { plural } = kindOf(kind);
        return plain(
          await custom.patchNamespacedCustomObject({ group, version, plural, namespace, name, body }, merge),
        );
      }),
    watch: async (kind, namespace, onChange) => {
      const { apiVersion, plural } = kindOf(kind);
      const base = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
      const path = `${base}/namespaces/${namespace}/${plural}`;
      let end: () => void = () => undefined;
      const ended = new Promise<void>((resolve) => (end = resolve));
      const watching = await new Watch(config).watch(
        path,
        {},
        (type, object: Thing) => onChange({ type, object } satisfies Change),
        () => end(),
      );
      return async () => {
        watching.abort();
        await ended;
      };
    },
    exec: (namespace, pod, container, command) => exec(config, namespace, pod, container, command),
    forward: async (namespace, name, port) => {
      const cluster = openCluster({ name: "forward", kubeconfig, reach: "port-forward" });
      const over = new AbortController();
      const pods = await cluster.pods(namespace);
      const pod = pods.find((one) => one.name === name);
      if (pod === undefined) throw new Refused(`there is no pod ${name}`, true);
      const way = cluster.openWay({ signal: over.signal, log: () => undefined });
      const stop = async (): Promise<void> => {
        over.abort();
        await cluster.close();
      };
      return { ...(await way.reach(pod, port)), stop };
    },
  };
}

async function answered<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ApiException)) throw error;
    const body = typeof error.body === "string" ? error.body : JSON.stringify(error.body);
    let message = body;
    try {
      message = (JSON.parse(body) as { message?: string }).message ?? body;
    } catch {
      // Not a Status: said as it is.
    }
    throw new Refused(message, error.code === 404);
  }
}

/** The client's models have `Date`s; the cases read JSON. */
function plain(object: unknown): Thing {
  return JSON.parse(JSON.stringify(object)) as Thing;
}

function exec(
  config: KubeConfig,
  namespace: string,
  pod: string,
  container: string,
  command: readonly string[],
): Promise<Ran> {
  const collect = (): { stream: PassThrough; text: () => string } => {
    const chunks: Buffer[] = [];
    const stream = new PassThrough();
    stream.on("data", (chunk: Buffer) => void chunks.push(chunk));
    return { stream, text: () => Buffer.concat(chunks).toString("utf8") };
  };
  const out = collect();
  const err = collect();
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`exec in ${pod}: no end after ${execWithinMs / 1000} s`)),
      execWithinMs,
    );
    const onStatus = ({ status, details }: V1Status): void => {
      clearTimeout(timer);
      const code = details?.causes?.find(({ reason }) => reason === "ExitCode")?.message;
      resolve({ exitCode: status === "Success" ? 0 : Number(code ?? 1), stdout: out.text(), stderr: err.text() });
    };
    new Exec(config)
      .exec(namespace, pod, container, [...command], out.stream, err.stream, null, false, onStatus)
      .catch((error: unknown) => {
        clearTimeout(timer);
        reject(error instanceof Error ? error : new Error("exec failed"));
      });
  });
}
