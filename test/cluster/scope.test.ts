import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openCluster } from "../../src/cluster/kubernetes.ts";
import { clusterError } from "../../src/cluster/api-errors.ts";
import { runLabel } from "../../src/cluster/kinds.ts";
import type { Cluster } from "../../src/cluster/port.ts";
import { findOwnObjects } from "../../src/run/leftovers/own-objects.ts";
import { redisPod, startTestLab, type TestLab } from "../lab/api/support/lab.ts";
import { startHostileApi, type HostileApi } from "../support/hostile-api/hostile-api.ts";

let lab: TestLab;
let api: HostileApi;
let confined: Cluster;
let open: Cluster;
const signal = new AbortController().signal;

beforeAll(async () => {
  lab = await startTestLab();
  lab.store.create(redisPod("redis-0", "10.77.0.10", { app: "redis", [runLabel]: "run-7" }));
  api = await startHostileApi(lab.server.kubeconfigPath, `${lab.directory}/hostile`);
  const options = { name: "lab", kubeconfig: api.kubeconfigPath };
  confined = openCluster({ ...options, scope: { namespaces: ["cache", "default"], nodes: false } });
  open = openCluster(options);
});
afterAll(async () => {
  await confined?.close();
  await open?.close();
  await api?.stop();
  await lab?.close();
});

describe("a cluster with a scope", () => {
  const asked = async (cluster: Cluster): Promise<string[]> => {
    const from = api.calls.length;
    const { objects } = await findOwnObjects(cluster, signal);
    expect(objects.map(({ what }) => what)).toEqual(["pod cache/redis-0"]);
    return [...new Set(api.calls.slice(from).map(({ path }) => path.split("?")[0] ?? ""))].toSorted();
  };
  it("looks for leftovers in its namespaces only, one by one, and at no node", async () => {
    const paths = await asked(confined);
    expect(paths).toHaveLength(8);
    expect(paths.every((path) => /\/namespaces\/(cache|default)\/(pods|\w+chaos)$/.test(path))).toBe(true);
  });
  it("and one without looks everywhere", async () => {
    const paths = await asked(open);
    expect(paths.filter((path) => path.includes("/namespaces/"))).toEqual([]);
    expect(paths).toContain("/api/v1/nodes");
  });
});

describe("a right that is missing", () => {
  const user = "system:serviceaccount:aftershock:aftershock-worker";
  const refusal = (where: string, group = "") => ({
    code: 403,
    body: JSON.stringify({
      reason: "Forbidden",
      message: `pods is forbidden: User "${user}" cannot list resource "pods" in API group "${group}" ${where}`,
    }),
  });
  it("is named with verb, resource and namespace, and how it is granted", () => {
    const error = clusterError("staging", "listing pods in cache", refusal('in the namespace "cache"'));
    expect(error).toMatchObject({
      code: "cluster_refused",
      message: `Cluster staging refused listing pods in cache: ${user} lacks the right to list pods in namespace cache.`,
    });
    expect(error.hint).toContain("aftershock rbac --config aftershock.yaml --cluster staging | kubectl apply -f -");
    expect(error.hint).toContain(`kubectl auth can-i list pods -n cache --as ${user}`);
  });
  it("is named at the cluster scope, and with its API group", () => {
    const error = clusterError("staging", "listing NetworkChaos", refusal("at the cluster scope", "chaos-mesh.org"));
    expect(error.message).toContain("to list pods.chaos-mesh.org at the cluster scope");
  });
  it("in other words is told as the server tells it", () => {
    const error = clusterError("staging", "listing pods", { code: 403, body: JSON.stringify({ message: "no" }) });
    expect(error.message).toBe("Cluster staging refused listing pods: no (HTTP 403).");
  });
});
