import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { launchLab, type LaunchedLab } from "../../src/lab/launch.ts";
import { kubectl, kubectlOk } from "../support/kubectl.ts";
import { waitFor } from "../support/stack.ts";

const attachMs = 1500;
const detachMs = 1500;

describe.skipIf(process.getuid?.() !== 0)("pods and volumes move between the lab's nodes", () => {
  let lab: LaunchedLab;
  const directory = mkdtempSync(join(tmpdir(), "aftershock-test-"));
  beforeAll(async () => {
    lab = await launchLab({ directory, volumes: { attachMs, detachMs } });
  });
  afterAll(async () => {
    await lab?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  const k = (...args: string[]) => kubectlOk(lab.kubeconfigPath, args);
  const pod = (path: string, name = "redis-2") => k("get", "pod", name, "-n", "cache", "-o", `jsonpath={${path}}`);
  /** Empty while there is no such pod. */
  const maybe = async (path: string, name = "redis-2") =>
    (await kubectl(lab.kubeconfigPath, ["get", "pod", name, "-n", "cache", "-o", `jsonpath={${path}}`])).stdout;
  const ready = (name = "redis-2") =>
    waitFor(
      () => maybe(".status.containerStatuses[0].ready", name),
      (answer) => answer === "true",
      30_000,
    );
  const attachments = async (volume = "pv-cache-data-redis-2") => {
    const columns = "custom-columns=PV:.spec.source.persistentVolumeName,NODE:.spec.nodeName,ATTACHED:.status.attached";
    const rows = (await k("get", "volumeattachments", "-o", columns, "--no-headers")).trim().split("\n");
    return rows.map((row) => row.split(/\s+/)).filter(([name]) => name === volume);
  };
  const eventsOf = async (uid: string) =>
    k(
      "get",
      "events",
      "-n",
      "cache",
      "--field-selector",
      `involvedObject.uid=${uid}`,
      "-o",
      "custom-columns=R:.reason,M:.message",
    );
  const force = (name = "redis-2") => k("delete", "pod", name, "-n", "cache", "--grace-period=0", "--force");

  it("spreads the members of a set over the nodes, each with its volume attached", async () => {
    const nodes = await Promise.all(["redis-0", "redis-1", "redis-2"].map((name) => pod(".spec.nodeName", name)));
    expect(nodes.toSorted()).toEqual(["lab-node-1", "lab-node-2", "lab-node-3"]);
    expect(await attachments()).toEqual([["pv-cache-data-redis-2", nodes[2], "true"]]);
    expect(await k("get", "volumeattachments")).toMatch(
      /NAME +ATTACHER +PV +NODE +ATTACHED +AGE\n(csi-\w+ +lab\.after)/,
    );
  });

  it("moves a force-deleted pod off a cordoned node: detached, attached, and the data is there", async () => {
    await k("exec", "redis-2", "-n", "cache", "--", "sh", "-c", "echo kept > /data/mark");
    const [node, uid, ip] = await Promise.all(
      [".spec.nodeName", ".metadata.uid", ".status.podIP"].map((path) => pod(path)),
    );
    await k("cordon", node ?? "");
    expect(await k("get", "node", node ?? "")).toMatch(/Ready,SchedulingDisabled/);
    expect(await k("describe", "node", node ?? "")).toMatch(
      /Taints: +node\.kubernetes\.io\/unschedulable:NoSchedule\nUnschedulable: +true[\s\S]*NodeNotSchedulable/,
    );
    const startedAt = performance.now();
    await force();
    await waitFor(
      () => maybe(".metadata.uid"),
      (now) => now !== "" && now !== uid,
      5000,
    );
    await ready();
    // The time that the storage takes is a floor that load does not move.
    expect(performance.now() - startedAt).toBeGreaterThan(attachMs + detachMs);
    const moved = await pod(".spec.nodeName");
    expect(moved).not.toBe(node);
    expect(await pod(".status.podIP")).toBe(ip);
    expect((await k("exec", "redis-2", "-n", "cache", "--", "cat", "/data/mark")).trim()).toBe("kept");
    expect(await attachments()).toEqual([["pv-cache-data-redis-2", moved, "true"]]);
    const events = await eventsOf(await pod(".metadata.uid"));
    expect(events).toMatch(/Scheduled +Successfully assigned cache\/redis-2 to lab-node-/);
    expect(events).toMatch(
      /FailedAttachVolume +Multi-Attach error for volume "pv-cache-data-redis-2" Volume is already/,
    );
    expect(events).toMatch(/SuccessfulAttachVolume +AttachVolume.Attach succeeded for volume "pv-cache-data-redis-2"/);
    await k("uncordon", node ?? "");
    expect(await k("describe", "node", node ?? "")).toMatch(/Taints: +<none>/);
  });

  it("attaches nothing anew when the pod returns to its node", async () => {
    const before = await k("get", "volumeattachments", "-o", "jsonpath={.items[*].metadata.uid}");
    const [node, uid] = await Promise.all([".spec.nodeName", ".metadata.uid"].map((path) => pod(path)));
    const others = ["lab-node-1", "lab-node-2", "lab-node-3"].filter((name) => name !== node);
    await k("cordon", ...others);
    await force();
    await waitFor(
      () => maybe(".metadata.uid"),
      (now) => now !== "" && now !== uid,
      5000,
    );
    await ready();
    await k("uncordon", ...others);
    expect(await pod(".spec.nodeName")).toBe(node);
    expect(await k("get", "volumeattachments", "-o", "jsonpath={.items[*].metadata.uid}")).toBe(before);
    expect(await eventsOf(await pod(".metadata.uid"))).not.toMatch(/AttachVolume/);
  });

  it("leaves a pod that fits nowhere Pending, says so as kube-scheduler does, and places it after the uncordon", async () => {
    const all = ["lab-node-1", "lab-node-2", "lab-node-3"];
    await k("cordon", ...all);
    await force();
    const message = await waitFor(
      () => maybe('.status.conditions[?(@.type=="PodScheduled")].message'),
      (text) => text.startsWith("0/3"),
      10_000,
    );
    expect(message).toBe(
      "0/3 nodes are available: 3 node(s) were unschedulable. preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.",
    );
    expect(await k("get", "pod", "redis-2", "-n", "cache")).toMatch(/redis-2 +0\/1 +Pending/);
    expect(await eventsOf(await pod(".metadata.uid"))).toMatch(/FailedScheduling +0\/3 nodes are available/);
    // Nobody needs the volume where it was: it is detached although the pod has no new node yet.
    await waitFor(attachments, (rows) => rows.length === 0, 15_000);
    await k("uncordon", ...all);
    await ready();
    expect((await k("exec", "redis-2", "-n", "cache", "--", "cat", "/data/mark")).trim()).toBe("kept");
  });
});
