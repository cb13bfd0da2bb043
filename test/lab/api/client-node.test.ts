import { PassThrough, Readable } from "node:stream";
import * as k8s from "@kubernetes/client-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { redisPod, startTestLab } from "./support/lab.ts";
import type { TestLab } from "./support/lab.ts";

let lab: TestLab;
let config: k8s.KubeConfig;
let core: k8s.CoreV1Api;
let custom: k8s.CustomObjectsApi;

beforeAll(async () => {
  lab = await startTestLab({ logSize: 20 });
  lab.store.create(redisPod("redis-0", "10.77.0.10", { app: "redis" }));
  config = new k8s.KubeConfig();
  config.loadFromFile(lab.server.kubeconfigPath);
  core = config.makeApiClient(k8s.CoreV1Api);
  custom = config.makeApiClient(k8s.CustomObjectsApi);
});
afterAll(() => lab.close());

const place = { group: "chaos-mesh.org", version: "v1alpha1", namespace: "cache", plural: "networkchaos" };
const chaos = (name: string, spec = {}) => ({
  apiVersion: "chaos-mesh.org/v1alpha1",
  kind: "NetworkChaos",
  metadata: { name },
  spec: { action: "partition", mode: "all", selector: {}, ...spec },
});
const codeOf = async (action: Promise<unknown>) =>
  action.then(
    () => 200,
    (error: unknown) => (error instanceof k8s.ApiException ? error.code : error),
  );

describe("client-node", () => {
  it("lists, reads and evicts pods", async () => {
    const pods = await core.listNamespacedPod({ namespace: "cache", labelSelector: "app=redis" });
    expect(pods.items.map((pod) => [pod.metadata?.name, pod.status?.podIP])).toEqual([["redis-0", "10.77.0.10"]]);
    expect(await codeOf(core.readNamespacedPod({ namespace: "cache", name: "nope" }))).toBe(404);
    lab.store.create(redisPod("leaving", "10.77.0.11", {}));
    const body = { metadata: { name: "leaving", namespace: "cache" } };
    await core.createNamespacedPodEviction({ namespace: "cache", name: "leaving", body });
    expect(
      lab.store.get({ kind: "Pod", namespace: "cache", name: "leaving" })?.metadata.deletionTimestamp,
    ).toBeDefined();
  });

  it("creates, patches and deletes chaos, strictly", async () => {
    const create = (body: object) => custom.createNamespacedCustomObject({ ...place, body, fieldValidation: "Strict" });
    expect(await create(chaos("one"))).toMatchObject({ metadata: { namespace: "cache" }, spec: { direction: "to" } });
    expect(await codeOf(create(chaos("one")))).toBe(409);
    expect(await codeOf(create(chaos("two", { foo: 1 })))).toBe(400);
    expect(await codeOf(create(chaos("two", { action: "x" })))).toBe(422);
    const patch = { metadata: { annotations: { "experiment.chaos-mesh.org/pause": "true" } } };
    const merge = k8s.setHeaderOptions("Content-Type", k8s.PatchStrategy.MergePatch);
    await custom.patchNamespacedCustomObject({ ...place, name: "one", body: patch }, merge);
    const strategic = k8s.setHeaderOptions("Content-Type", k8s.PatchStrategy.StrategicMergePatch);
    expect(await codeOf(custom.patchNamespacedCustomObject({ ...place, name: "one", body: patch }, strategic))).toBe(
      415,
    );
    await custom.deleteNamespacedCustomObject({ ...place, name: "one" });
    expect(await codeOf(custom.getNamespacedCustomObject({ ...place, name: "one" }))).toBe(404);
  });

  it("is turned away with another token", async () => {
    const other = new k8s.KubeConfig();
    other.loadFromString(lab.server.kubeconfig.replace(/token: .*/, "token: wrong"));
    expect(await codeOf(other.makeApiClient(k8s.CoreV1Api).listNamespace())).toBe(401);
  });

  it("watches with a version that is gone: an ERROR event and an end", async () => {
    const first = lab.store.revision();
    for (let i = 0; i < 60; i += 1) {
      lab.store.update({ kind: "Pod", namespace: "cache", name: "redis-0" }, (copy) => {
        copy.metadata.labels = { ...copy.metadata.labels, n: String(i) };
      });
    }
    const codes: unknown[] = [];
    await new Promise<void>((resolve, reject) => {
      new k8s.Watch(config)
        .watch(
          "/api/v1/namespaces/cache/pods",
          { resourceVersion: String(first) },
          (type, object: { code?: number }) => codes.push([type, object.code]),
          () => resolve(),
        )
        .catch(reject);
    });
    expect(codes).toEqual([["ERROR", 410]]);
  });

  it("keeps an informer up to date", async () => {
    const list = () => core.listNamespacedPod({ namespace: "cache" });
    const informer = k8s.makeInformer(config, "/api/v1/namespaces/cache/pods", list);
    const added = new Promise<string>((resolve) => {
      informer.on("add", (pod) => {
        if (pod.metadata?.name === "informed") resolve(pod.metadata.name);
      });
    });
    await informer.start();
    lab.store.create(redisPod("informed", "10.77.0.12", {}));
    expect(await added).toBe("informed");
    await informer.stop();
  });

  it("executes with stdin, and reads the exit code from the status", async () => {
    const output = new PassThrough();
    const chunks: Buffer[] = [];
    output.on("data", (chunk: Buffer) => chunks.push(chunk));
    const status = await new Promise<k8s.V1Status>((resolve, reject) => {
      new k8s.Exec(config)
        .exec(
          "cache",
          "redis-0",
          "redis",
          ["sh", "-c", "cat; exit 3"],
          output,
          null,
          Readable.from(["hello"]),
          false,
          resolve,
        )
        .catch(reject);
    });
    expect(Buffer.concat(chunks).toString("utf8")).toBe("hello");
    expect(status).toMatchObject({ status: "Failure", reason: "NonZeroExitCode" });
    expect(status.details?.causes).toEqual([expect.objectContaining({ reason: "ExitCode", message: "3" })]);
  });
});
