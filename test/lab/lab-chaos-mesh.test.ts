import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openCluster } from "../../src/cluster/kubernetes.ts";
import type { Cluster } from "../../src/cluster/port.ts";
import { launchLab, type LaunchedLab } from "../../src/lab/launch.ts";
import { measureContract } from "../../src/run/chaos-mesh-guards.ts";
import type { PlannedFault } from "../../src/run/plan.ts";
import { kubectlOk } from "../support/kubectl.ts";
import { waitFor } from "../support/stack.ts";

describe.skipIf(process.getuid?.() !== 0)("what Chaos Mesh must be able to do, asked of the lab", () => {
  let lab: LaunchedLab;
  let cluster: Cluster;
  beforeAll(async () => {
    lab = await launchLab();
    cluster = openCluster({ name: "lab", kubeconfig: lab.kubeconfigPath });
  });
  afterAll(async () => {
    await cluster?.close();
    await lab?.stop();
  });

  const cut: PlannedFault = {
    id: "cut",
    title: "Cut",
    kind: "NetworkChaos",
    subject: ["redis-0"],
    target: ["redis-1", "redis-2"],
    durationMs: 1000,
    spec: { action: "partition" },
  };
  const io: PlannedFault = {
    ...cut,
    kind: "IOChaos",
    target: [],
    spec: { action: "latency", containerNames: ["redis"], volumePath: "/data" },
  };
  const problems = async (...faults: PlannedFault[]): Promise<string[]> => {
    const plan = { faults, namespace: "cache" };
    const results = await measureContract({ cluster, plan, runId: "run-1", signal: AbortSignal.timeout(60_000) });
    return results.filter(({ ok }) => !ok).map(({ id, measured }) => `${id}: ${measured}`);
  };

  it("is all there: a controller, and a daemon on every node", async () => {
    const { controllers, daemons } = await cluster.chaosMesh();
    expect(controllers.some(({ ready }) => ready)).toBe(true);
    const nodes = (await cluster.placement().nodes()).map(({ name, architecture }) => `${name} ${architecture}`);
    expect(nodes).toHaveLength(3);
    expect(
      daemons
        .filter(({ ready }) => ready)
        .map(({ node }) => `${node} amd64`)
        .toSorted(),
    ).toEqual(nodes.toSorted());
    expect(await problems(cut, io)).toEqual([]);
  });

  it("is missed when a daemon of a target's node is gone, and found when it is back as another", async () => {
    const pods = await cluster.pods("cache");
    const node = pods.find(({ name }) => name === "redis-1")?.node ?? "";
    const before = (await cluster.chaosMesh()).daemons.find((daemon) => daemon.node === node);
    await kubectlOk(lab.kubeconfigPath, ["delete", "pod", before?.name ?? "", "-n", "chaos-mesh", "--wait=false"]);
    const back = await waitFor(
      async () => (await cluster.chaosMesh()).daemons.find((daemon) => daemon.node === node && daemon.ready),
      (daemon) => daemon !== undefined && daemon.instance !== before?.instance,
      30_000,
    );
    expect(back?.instance).not.toBe(before?.instance);
    expect(await problems(cut)).toEqual([]);
  });

  it("is refused for a folder below the mount, and where Chaos Mesh is not", async () => {
    const below = { ...io, spec: { ...io.spec, volumePath: "/data/appendonlydir" } };
    expect(await problems(below)).toEqual([
      "volume-mount: container redis of redis-0 mounts /data, not /data/appendonlydir",
    ]);
    const elsewhere = openCluster({ name: "lab", kubeconfig: lab.kubeconfigPath, chaosMeshNamespace: "default" });
    const results = await measureContract({
      cluster: elsewhere,
      plan: { faults: [cut], namespace: "cache" },
      runId: "run-1",
      signal: AbortSignal.timeout(60_000),
    });
    await elsewhere.close();
    expect(results.find(({ id }) => id === "chaos-mesh-ready")?.measured).toMatch(
      /there is no Chaos Mesh controller in the namespace default; .* has no chaos-daemon/,
    );
  });
});
