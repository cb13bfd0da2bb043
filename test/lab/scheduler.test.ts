import { afterEach, describe, expect, it } from "vitest";
import { startAttachDetach } from "../../src/lab/controllers/attach-detach.ts";
import { whyNot } from "../../src/lab/controllers/node-filters.ts";
import { startScheduler, unschedulable } from "../../src/lab/controllers/scheduler.ts";
import type { LabObject, ObjectStore } from "../../src/lab/objects.ts";
import { attachmentsOf, createMountedVolumes, isAttached, volumesAttached } from "../../src/lab/runtime/volumes.ts";
import { createStore } from "../../src/lab/store/store.ts";
import { waitFor } from "../support/stack.ts";

const addNode = (store: ObjectStore, name: string, spec: Record<string, unknown> = {}): void =>
  void store.create({ apiVersion: "v1", kind: "Node", metadata: { name, labels: { host: name } }, spec });
const addVolume = (store: ObjectStore, name: string, spec: Record<string, unknown> = {}): void => {
  const claim = { kind: "PersistentVolumeClaim", metadata: { name: `claim-${name}`, namespace: "db" } };
  store.create({ apiVersion: "v1", kind: "PersistentVolume", metadata: { name }, spec });
  store.create({ apiVersion: "v1", ...claim, spec: { volumeName: name } });
};
const addPod = (store: ObjectStore, name: string, spec: Record<string, unknown> = {}): LabObject =>
  store.create({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "db" },
    spec,
    status: { phase: "Pending" },
  });
const withVolume = (name: string) => ({
  volumes: [{ name: "data", persistentVolumeClaim: { claimName: `claim-${name}` } }],
});
const pod = (store: ObjectStore, name: string) => store.get({ kind: "Pod", namespace: "db", name });
const messages = (store: ObjectStore, reason: string) =>
  store.list("Event").flatMap((event) => (event["reason"] === reason ? [String(event["message"])] : []));
const soon = <T>(look: () => T, holds: (value: T) => boolean) => waitFor(async () => look(), holds, 5000);

describe("the lab's scheduler", () => {
  let stop = (): void => undefined;
  afterEach(() => stop());

  it("gives a pod the emptiest node, and a cordoned one to nobody", async () => {
    const store = createStore();
    for (const name of ["a", "b"]) addNode(store, name);
    addNode(store, "c", { unschedulable: true });
    stop = startScheduler(store);
    for (const name of ["p1", "p2", "p3", "p4"]) addPod(store, name);
    await soon(
      () => store.list("Pod").map((entry) => entry.spec?.["nodeName"]),
      (nodes) => nodes.filter((node) => node === "a").length === 2 && nodes.filter((node) => node === "b").length === 2,
    );
  });
  it("says why a pod fits nowhere, node by node, and places it when that changes", async () => {
    const store = createStore();
    addNode(store, "a", { unschedulable: true });
    addNode(store, "b");
    const affinity = { key: "host", operator: "In", values: ["a"] };
    addVolume(store, "v", { nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [affinity] }] } } });
    stop = startScheduler(store);
    addPod(store, "p", withVolume("v"));
    const [message] = await soon(
      () => messages(store, "FailedScheduling"),
      (all) => all.length === 1,
    );
    expect(message).toBe(
      "0/2 nodes are available: 1 node(s) had volume node affinity conflict, 1 node(s) were unschedulable. preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.",
    );
    store.update({ kind: "Node", name: "a" }, (copy) => void (copy.spec = {}));
    await soon(
      () => pod(store, "p")?.spec?.["nodeName"],
      (node) => node === "a",
    );
  });
  it("has a sentence for a cluster without nodes", () => {
    expect(unschedulable([])).toBe("no nodes available to schedule pods");
  });
  it("heeds node selectors, and lets a pod tolerate a cordon", () => {
    const node = (spec: Record<string, unknown>): LabObject =>
      ({ apiVersion: "v1", kind: "Node", metadata: { name: "a", labels: {} }, spec }) as unknown as LabObject;
    const of = (spec: Record<string, unknown>): LabObject =>
      ({ apiVersion: "v1", kind: "Pod", metadata: { name: "p" }, spec }) as unknown as LabObject;
    expect(whyNot(node({}), of({ nodeSelector: { disk: "ssd" } }), [])).toMatch(/didn't match/);
    const tolerant = of({ tolerations: [{ key: "node.kubernetes.io/unschedulable", operator: "Exists" }] });
    expect(whyNot(node({ unschedulable: true }), tolerant, [])).toBeNull();
    expect(whyNot(node({ unschedulable: true }), of({}), [])).toBe("node(s) were unschedulable");
  });
});

describe("the lab's attach-detach controller", () => {
  let stop = (): void => undefined;
  afterEach(() => stop());
  const rig = (spec: Record<string, unknown> = { accessModes: ["ReadWriteOnce"] }) => {
    const store = createStore();
    for (const name of ["a", "b"]) addNode(store, name);
    addVolume(store, "v", spec);
    stop = startAttachDetach(store, { attachMs: 20, detachMs: 20 });
    return store;
  };
  const on = (store: ObjectStore) =>
    attachmentsOf(store, "v").flatMap((entry) => (isAttached(entry) ? [entry.spec?.["nodeName"]] : []));

  it("attaches what a pod needs where it is, and detaches it when nobody does", async () => {
    const store = rig();
    const created = addPod(store, "p", { ...withVolume("v"), nodeName: "a" });
    await soon(
      () => on(store),
      (nodes) => nodes[0] === "a",
    );
    expect(volumesAttached(store, created)).toBe(true);
    store.remove({ kind: "Pod", namespace: "db", name: "p" });
    await soon(
      () => attachmentsOf(store, "v"),
      (all) => all.length === 0,
    );
  });
  it("does not detach what a node still has mounted, and says Multi-Attach to whoever waits", async () => {
    const store = rig();
    const mounted = createMountedVolumes(store);
    const first = addPod(store, "p", { ...withVolume("v"), nodeName: "a" });
    await soon(
      () => on(store),
      (nodes) => nodes[0] === "a",
    );
    mounted.add(first);
    store.remove({ kind: "Pod", namespace: "db", name: "p" });
    addPod(store, "p", { ...withVolume("v"), nodeName: "b" });
    const [message] = await soon(
      () => messages(store, "FailedAttachVolume"),
      (all) => all.length > 0,
    );
    expect(message).toBe(
      `Multi-Attach error for volume "v" Volume is already exclusively attached to one node and can't be attached to another`,
    );
    expect(on(store)).toEqual(["a"]);
    mounted.remove(first.metadata.uid);
    await soon(
      () => on(store),
      (nodes) => nodes[0] === "b",
    );
    expect(messages(store, "SuccessfulAttachVolume")).toHaveLength(2);
    expect(messages(store, "FailedAttachVolume")).toHaveLength(1);
  });
  it("names the pod that uses it", async () => {
    const store = rig();
    addPod(store, "p", { ...withVolume("v"), nodeName: "a" });
    await soon(
      () => on(store),
      (nodes) => nodes[0] === "a",
    );
    addPod(store, "q", { ...withVolume("v"), nodeName: "b" });
    const [message] = await soon(
      () => messages(store, "FailedAttachVolume"),
      (all) => all.length > 0,
    );
    expect(message).toBe('Multi-Attach error for volume "v" Volume is already used by pod(s) p');
  });
  it("attaches a ReadWriteMany volume to both", async () => {
    const store = rig({ accessModes: ["ReadWriteMany"] });
    addPod(store, "p", { ...withVolume("v"), nodeName: "a" });
    addPod(store, "q", { ...withVolume("v"), nodeName: "b" });
    await soon(
      () => on(store),
      (nodes) => nodes.length === 2,
    );
    expect(messages(store, "FailedAttachVolume")).toEqual([]);
  });
});
