import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openCluster } from "../../../src/cluster/kubernetes.ts";
import type { Cluster } from "../../../src/cluster/port.ts";
import { quantity } from "../../../src/cluster/quantity.ts";
import { record } from "../../../src/lab/runtime/pod-spec.ts";
import { redisPod, startTestLab } from "./support/lab.ts";
import type { TestLab } from "./support/lab.ts";

/** The cluster room's own calls, over HTTP against the lab's API server. */
let lab: TestLab;
let cluster: Cluster;
beforeAll(async () => {
  lab = await startTestLab();
  cluster = openCluster({ name: "lab", kubeconfig: lab.server.kubeconfigPath });
  lab.store.create({
    apiVersion: "v1",
    kind: "Node",
    metadata: { name: "node-1", labels: { zone: "a" }, annotations: { own: "kept" } },
    spec: { taints: [{ key: "gpu", effect: "NoSchedule" }] },
    status: {
      allocatable: { cpu: "1500m", memory: "8Gi", pods: "110" },
      conditions: [{ type: "Ready", status: "True" }],
    },
  });
});
afterAll(async () => {
  await cluster.close();
  await lab.close();
});
const node = async () => {
  const [found] = await cluster.placement().nodes();
  if (found === undefined) throw new Error("no node");
  return found;
};

describe("nodes", () => {
  it("are read with what they can take", async () => {
    expect(await node()).toMatchObject({
      name: "node-1",
      ready: true,
      unschedulable: false,
      labels: { zone: "a" },
      taints: [{ key: "gpu", value: null, effect: "NoSchedule" }],
      allocatable: { cpuMilli: 1500, memoryBytes: 8 * 2 ** 30, pods: 110 },
    });
  });
  it("are read one by one, and one that does not exist is null", async () => {
    expect((await cluster.placement().node("node-1"))?.labels).toEqual({ zone: "a" });
    expect(await cluster.placement().node("nope")).toBeNull();
  });
  it("are cordoned and marked in one step, and uncordoned as kubectl does it", async () => {
    const before = await node();
    const mark = { schedulable: false, annotations: { run: "run-1" }, resourceVersion: before.resourceVersion };
    expect(await cluster.setSchedulable("node-1", mark)).toBe("changed");
    const held = await node();
    expect(held).toMatchObject({ unschedulable: true, annotations: { own: "kept", run: "run-1" } });
    const free = { schedulable: true, annotations: { run: null }, resourceVersion: held.resourceVersion };
    expect(await cluster.setSchedulable("node-1", free)).toBe("changed");
    const stored = lab.store.get({ kind: "Node", name: "node-1" });
    expect(stored?.spec).not.toHaveProperty("unschedulable");
    expect(stored?.metadata.annotations).toEqual({ own: "kept" });
  });
  it("that changed since they were read are left alone", async () => {
    const { resourceVersion } = await node();
    lab.store.update({ kind: "Node", name: "node-1" }, (copy) => void (copy.status = { ...copy.status, phase: "x" }));
    const mark = { schedulable: false, annotations: {}, resourceVersion };
    expect(await cluster.setSchedulable("node-1", mark)).toBe("conflict");
    expect((await node()).unschedulable).toBe(false);
  });
  it("that do not exist are an error in words", async () => {
    const mark = { schedulable: false, annotations: {}, resourceVersion: "1" };
    await expect(cluster.setSchedulable("nope", mark)).rejects.toThrow(/refused cordoning node nope/);
  });
});

describe("a pod", () => {
  const deletion = (name: string, uid: string) => ({ namespace: "cache", name, uid, gracePeriodSeconds: 0 });
  it("is deleted when it is the one that was meant, and only then", async () => {
    const { metadata } = lab.store.create(redisPod("redis-0", "10.0.0.9", {}));
    expect(await cluster.deletePod(deletion("redis-0", "another"))).toBe("replaced");
    expect(lab.store.get({ kind: "Pod", namespace: "cache", name: "redis-0" })).toBeDefined();
    expect(await cluster.deletePod(deletion("redis-0", metadata.uid))).toBe("deleted");
    expect(await cluster.deletePod(deletion("redis-0", metadata.uid))).toBe("gone");
  });
  it("is seen before it has a node, with the scheduler's reason", async () => {
    const { metadata, spec } = redisPod("redis-1", "10.0.0.10", {});
    const { nodeName: _node, ...rest } = record(spec);
    const conditions = [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message: "0/1 nodes" }];
    lab.store.create({ apiVersion: "v1", kind: "Pod", metadata, spec: rest, status: { phase: "Pending", conditions } });
    expect(await cluster.placement().pod("cache", "redis-1")).toMatchObject({
      node: null,
      phase: "Pending",
      unschedulable: "0/1 nodes",
      started: false,
      containerId: null,
      owner: null,
    });
    expect(await cluster.placement().pod("cache", "nobody")).toBeNull();
  });
});

describe("volumes", () => {
  const volume = (name: string, spec: Record<string, unknown>) => {
    lab.store.create({ apiVersion: "v1", kind: "PersistentVolume", metadata: { name }, spec });
    const claim = { name: `claim-${name}`, namespace: "cache" };
    lab.store.create({ apiVersion: "v1", kind: "PersistentVolumeClaim", metadata: claim, spec: { volumeName: name } });
    const { metadata, spec: podSpec } = redisPod(`pod-${name}`, "10.0.0.11", {});
    const volumes = [{ name: "data", persistentVolumeClaim: { claimName: claim.name } }];
    lab.store.create({ apiVersion: "v1", kind: "Pod", metadata, spec: { ...record(podSpec), volumes } });
  };
  it("are found through the pod's claims, with what decides where they may go", async () => {
    const expression = { key: "zone", operator: "In", values: ["a"] };
    volume("net", {
      accessModes: ["ReadWriteOnce"],
      csi: { driver: "d", volumeHandle: "h-1" },
      storageClassName: "fast",
    });
    volume("near", {
      accessModes: ["ReadWriteOnce"],
      local: { path: "/mnt" },
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [expression] }] } },
    });
    const [net] = await cluster.placement().volumesOf("cache", "pod-net");
    const [near] = await cluster.placement().volumesOf("cache", "pod-near");
    expect(net).toMatchObject({ name: "net", source: "csi", handle: "h-1", nodeAffinity: null, storageClass: "fast" });
    expect(net?.fits({})).toBe(true);
    expect(near).toMatchObject({ source: "local", handle: null, nodeAffinity: "zone In [a]" });
    expect([near?.fits({ zone: "a" }), near?.fits({ zone: "b" }), near?.fits({})]).toEqual([true, false, false]);
  });
  it("have their attachments listed, also those that are being taken away", async () => {
    lab.store.create({
      apiVersion: "storage.k8s.io/v1",
      kind: "VolumeAttachment",
      metadata: { name: "csi-1", finalizers: ["attacher"] },
      spec: { attacher: "d", nodeName: "node-1", source: { persistentVolumeName: "net" } },
      status: { attached: true },
    });
    const look = async () => (await cluster.placement().attachments())[0];
    expect(await look()).toEqual({ name: "csi-1", volume: "net", node: "node-1", attached: true, detaching: false });
    lab.store.delete({ kind: "VolumeAttachment", name: "csi-1" });
    expect(await look()).toMatchObject({ attached: true, detaching: true });
  });
});

it.each([
  ["250m", 0.25],
  ["2", 2],
  ["8Gi", 8 * 2 ** 30],
  ["1e3", 1000],
  ["100k", 100_000],
  [undefined, 0],
  ["lots", 0],
])("reads the quantity %s as %d", (text, value) => expect(quantity(text)).toBe(value));
