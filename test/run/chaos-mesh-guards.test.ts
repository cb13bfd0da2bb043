import { describe, expect, it } from "vitest";
import type { ChaosMesh, ChaosMeshPod, Cluster, KubernetesObject } from "../../src/cluster/port.ts";
import { AftershockError } from "../../src/errors.ts";
import type { NodeView } from "../../src/probes/placement.ts";
import { measureContract, type ContractResult } from "../../src/run/chaos-mesh-guards.ts";
import type { PlannedFault } from "../../src/run/plan.ts";

const signal = new AbortController().signal;
const daemon = (node: string, change: Partial<ChaosMeshPod> = {}): ChaosMeshPod => ({
  name: `chaos-daemon-${node}`,
  node,
  ready: true,
  instance: "one",
  ...change,
});
const healthy: ChaosMesh = {
  namespace: "chaos-mesh",
  controllers: [{ name: "controller", node: "node-1", ready: true, instance: "one" }],
  daemons: [daemon("node-1"), daemon("node-2")],
};
const pod = (name: string, spec: object = {}): KubernetesObject => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace: "database" },
  spec: {
    containers: [
      { name: "postgresql", volumeMounts: [{ mountPath: "/var/lib/postgresql/data/" }, { mountPath: "/etc/pg" }] },
      { name: "sidecar" },
    ],
    initContainers: [{ name: "setup", volumeMounts: [{ mountPath: "/var/lib/postgresql/data" }] }],
    ...spec,
  },
});
const refused = new AftershockError("cluster_refused", "Cluster lab refused listing.", "Grant it.");

interface World {
  mesh?: ChaosMesh | AftershockError;
  architecture?: string;
  pods?: Record<string, KubernetesObject | null>;
  /** Node of each pod; absent: pg-0 on node-1, pg-1 on node-2. */
  nodes?: Record<string, string>;
  child?: KubernetesObject;
}

/** Test double: a cluster that answers facts about its pods, nodes and Chaos Mesh; nothing else is asked of it. */
function clusterOf({ mesh = healthy, pods = {}, nodes, child, ...world }: World): Cluster {
  const on: Record<string, string> = nodes ?? { "pg-0": "node-1", "pg-1": "node-2" };
  const architecture = "architecture" in world ? world.architecture : "amd64";
  return {
    chaosMesh: async () => {
      if (mesh instanceof AftershockError) throw mesh;
      return mesh;
    },
    pods: async () => Object.entries(on).map(([name, node]) => ({ name, node })),
    getPod: async (_namespace: string, name: string) => (name in pods ? pods[name] : pod(name)),
    getChaos: async () => child ?? null,
    placement: () => ({
      node: async (name: string) => ({ name, ...(architecture === undefined ? {} : { architecture }) }) as NodeView,
    }),
  } as unknown as Cluster;
}

const io: PlannedFault = {
  id: "slow",
  title: "Slow",
  kind: "IOChaos",
  subject: ["pg-0"],
  target: [],
  durationMs: 1000,
  spec: { action: "latency", containerNames: ["postgresql"], volumePath: "/var/lib/postgresql/data" },
};
const cut: PlannedFault = { ...io, id: "cut", kind: "NetworkChaos", target: ["pg-1"], spec: { action: "partition" } };
const kill: PlannedFault = { ...io, id: "kill", kind: "PodChaos", spec: { action: "pod-kill" } };

const measure = (world: World, ...faults: PlannedFault[]): Promise<ContractResult[]> =>
  measureContract({ cluster: clusterOf(world), plan: { faults, namespace: "database" }, runId: "run-1", signal });
async function guard(id: string, world: World, ...faults: PlannedFault[]): Promise<ContractResult> {
  const found = (await measure(world, ...faults)).find((result) => result.id === id);
  if (found === undefined) throw new Error(`${id} was not asked`);
  expect(found.ok || found.hint !== "").toBe(true);
  return found;
}

describe("what Chaos Mesh must be able to do before a run", () => {
  it("holds, all of it, for each kind on a cluster that can", async () => {
    const ids = async (fault: PlannedFault) => {
      const results = await measure({}, fault);
      expect(results.filter(({ ok }) => !ok)).toEqual([]);
      return results.map(({ id }) => id);
    };
    expect(await ids(io)).toEqual(["chaos-mesh-ready", "node-architecture", "volume-mount", "one-io-fault"]);
    expect(await ids(cut)).toEqual(["chaos-mesh-ready", "host-network"]);
    expect(await ids(kill)).toEqual(["chaos-mesh-ready"]);
  });

  it("is not asked for what Chaos Mesh does not inject", async () => {
    expect(await measure({ mesh: refused }, { ...kill, kind: "PodDelete" }, { ...kill, kind: "Cordon" })).toEqual([]);
  });

  describe("chaos-mesh-ready", () => {
    const measured = async (world: World, ...faults: PlannedFault[]) => {
      const { ok, measured: text } = await guard("chaos-mesh-ready", world, ...faults);
      return ok ? "holds" : text;
    };
    it("stops without a controller, and with one that is not ready", async () => {
      const none = { ...healthy, controllers: [] };
      const starting = { ...healthy, controllers: healthy.controllers.map((one) => ({ ...one, ready: false })) };
      expect(await measured({ mesh: none }, kill)).toBe(
        "there is no Chaos Mesh controller in the namespace chaos-mesh",
      );
      expect(await measured({ mesh: starting }, kill)).toMatch(/no Chaos Mesh controller is ready \(controller\)/);
    });
    it("stops for a daemon of any target's node that is missing or not ready, also on the far side of a cut", async () => {
      const unready = { ...healthy, daemons: [daemon("node-1"), daemon("node-2", { ready: false })] };
      const missing = { ...healthy, daemons: [daemon("node-2")] };
      expect(await measured({ mesh: unready }, cut)).toMatch(/chaos-daemon of node-2, with pg-1, is not ready/);
      expect(await measured({ mesh: unready }, io)).toBe("holds");
      expect(await measured({ mesh: missing }, io)).toBe("node-1, with pg-0, has no chaos-daemon");
    });
    it("asks for no daemon to kill a pod, which the controller does itself", async () => {
      expect(await measured({ mesh: { ...healthy, daemons: [] } }, kill)).toBe("holds");
    });
    it("takes the ready one of two daemons while one replaces the other", async () => {
      const two = { ...healthy, daemons: [daemon("node-1", { ready: false }), daemon("node-1", { name: "new" })] };
      expect(await measured({ mesh: two }, io)).toBe("holds");
    });
    it("does not hold where it is unknown: a list that is refused, a pod without a node", async () => {
      expect(await measured({ mesh: refused }, io)).toBe("unknown: Cluster lab refused listing.");
      expect(await measured({ nodes: {} }, io)).toBe("on which node pg-0 runs is unknown");
    });
  });

  it("node-architecture stops on arm64, and where the node does not say", async () => {
    expect(await guard("node-architecture", { architecture: "arm64" }, io)).toMatchObject({
      ok: false,
      measured: "pg-0 is on node-1, which is arm64",
    });
    const silent: World = { architecture: undefined as unknown as string };
    expect((await guard("node-architecture", silent, io)).measured).toMatch(/unknown architecture/);
    expect(await guard("node-architecture", {}, io)).toMatchObject({ ok: true });
  });

  it.each<[string, object, RegExp]>([
    ["a folder below the mount", { volumePath: "/var/lib/postgresql/data/pgdata" }, /mounts .*, not .*pgdata/],
    ["a folder above it", { volumePath: "/var/lib/postgresql" }, /not \/var\/lib\/postgresql$/],
    ["a container without volumes", { containerNames: ["sidecar"] }, /container sidecar of pg-0 mounts nothing/],
    ["a container that is not there", { containerNames: ["db"] }, /has no container db \(it has postgresql, sidecar\)/],
    ["an init container", { containerNames: ["setup"] }, /has no container setup/],
    ["no container", { containerNames: [] }, /no container of pg-0 is named/],
  ])("volume-mount stops for %s", async (_what, spec, text) => {
    const found = await guard("volume-mount", {}, { ...io, spec: { ...io.spec, ...spec } });
    expect(found.ok).toBe(false);
    expect(found.measured).toMatch(text);
  });
  it("volume-mount stops for a pod that has gone, and holds for each mount of the container", async () => {
    expect(await guard("volume-mount", { pods: { "pg-0": null } }, io)).toMatchObject({ measured: "pod pg-0 is gone" });
    const other = { ...io, spec: { ...io.spec, volumePath: "/etc/pg" } };
    expect(await guard("volume-mount", {}, other)).toMatchObject({ ok: true });
  });

  it("host-network stops for such a pod on either side of a partition, before anything is made", async () => {
    const world = { pods: { "pg-1": pod("pg-1", { hostNetwork: true }) } };
    expect(await guard("host-network", world, cut)).toMatchObject({
      ok: false,
      measured: "pg-1 uses its node's network (hostNetwork)",
    });
    expect(await guard("host-network", {}, cut)).toMatchObject({ ok: true });
  });

  it("one-io-fault stops while the pod's child holds somebody else's actions, and not for an emptied one", async () => {
    const child = (...sources: string[]): KubernetesObject => ({
      apiVersion: "chaos-mesh.org/v1alpha1",
      kind: "PodIOChaos",
      metadata: { name: "pg-0", namespace: "database" },
      spec: { actions: sources.map((source) => ({ source })) },
    });
    expect(await guard("one-io-fault", { child: child("database/theirs") }, io)).toMatchObject({
      ok: false,
      measured: "pg-0 has the IOChaos database/theirs",
    });
    expect(await guard("one-io-fault", { child: child("database/run-10-slow") }, io)).toMatchObject({ ok: false });
    expect(await guard("one-io-fault", { child: child("database/run-1-slow") }, io)).toMatchObject({ ok: true });
    expect(await guard("one-io-fault", { child: child() }, io)).toMatchObject({ ok: true });
  });
});
