import { createInterface } from "node:readline";
import { PassThrough } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LabObject } from "../../../src/lab/objects.ts";
import { kubectl, redisPod, startKubectl, startTestLab } from "./support/lab.ts";
import type { TestLab } from "./support/lab.ts";

let lab: TestLab;
const run = async (...args: string[]) => {
  const result = await kubectl(lab, args);
  expect(result.stderr).toBe("");
  expect(result.code).toBe(0);
  return result.stdout;
};
/** Columns of a table line, without the ages. */
const words = (line: string | undefined) => (line ?? "").trim().split(/\s{2,}/);

beforeAll(async () => {
  lab = await startTestLab();
  ["master", "replica", "replica"].forEach((role, index) =>
    lab.store.create(redisPod(`redis-${index}`, `10.77.0.1${index}`, { app: "redis", role })),
  );
  lab.store.create({
    apiVersion: "v1",
    kind: "Node",
    metadata: { name: "node-1", labels: { "node-role.kubernetes.io/worker": "" } },
    spec: {},
    status: { conditions: [{ type: "Ready", status: "True" }], nodeInfo: { kubeletVersion: "v1.32.0" } },
  });
  lab.store.create({
    apiVersion: "v1",
    kind: "Event",
    metadata: { name: "redis-0.1", namespace: "cache" },
    involvedObject: { kind: "Pod", name: "redis-0", namespace: "cache", uid: uidOf("redis-0") },
    type: "Warning",
    reason: "BackOff",
    message: "Back-off restarting failed container",
    count: 3,
    firstTimestamp: new Date().toISOString(),
    lastTimestamp: new Date().toISOString(),
  });
});
afterAll(() => lab.close());

function uidOf(name: string): string {
  return lab.store.get({ kind: "Pod", namespace: "cache", name })?.metadata.uid ?? "";
}

describe("kubectl get", () => {
  it("prints pods with its own columns", async () => {
    const [head, first] = (await run("get", "pods", "-n", "cache")).split("\n");
    expect(words(head)).toEqual(["NAME", "READY", "STATUS", "RESTARTS", "AGE"]);
    expect(words(first).slice(0, 4)).toEqual(["redis-0", "1/1", "Running", "0"]);
  });

  it("prints more with -o wide", async () => {
    const [head, first] = (await run("get", "pods", "-n", "cache", "-o", "wide")).split("\n");
    expect(words(head).slice(5)).toEqual(["IP", "NODE", "NOMINATED NODE", "READINESS GATES"]);
    expect(words(first).slice(5)).toEqual(["10.77.0.10", "node-1", "<none>", "<none>"]);
  });

  it("prints yaml, json and jsonpath", async () => {
    expect(await run("get", "pod", "redis-0", "-n", "cache", "-o", "yaml")).toContain("podIP: 10.77.0.10");
    const list = JSON.parse(await run("get", "pods", "-n", "cache", "-o", "json")) as { items: unknown[] };
    expect(list.items).toHaveLength(3);
    expect(await run("get", "pod", "redis-1", "-n", "cache", "-o", "jsonpath={.status.podIP}")).toBe("10.77.0.11");
  });

  it.each([
    [
      ["-n", "cache", "-l", "role=replica"],
      ["redis-1", "redis-2"],
    ],
    [["-n", "cache", "-l", "role in (master)"], ["redis-0"]],
    [
      ["-n", "cache", "-l", "role notin (master),app"],
      ["redis-1", "redis-2"],
    ],
    [["-n", "cache", "-l", "!role"], []],
    [
      ["-n", "cache", "--field-selector", "status.phase=Running,metadata.name!=redis-1"],
      ["redis-0", "redis-2"],
    ],
    [
      ["-A", "--field-selector", "spec.nodeName=node-1"],
      ["redis-0", "redis-1", "redis-2"],
    ],
    [["-n", "default"], []],
  ])("selects with %j", async (flags, names) => {
    const { stdout } = await kubectl(lab, ["get", "pods", "-o", "name", ...flags]);
    expect(stdout.split("\n").filter(Boolean)).toEqual(names.map((name) => `pod/${name}`));
  });

  it("refuses a field that cannot be selected by", async () => {
    const { code, stderr } = await kubectl(lab, ["get", "pods", "--field-selector", "spec.foo=x"]);
    expect(code).toBe(1);
    expect(stderr).toContain("field label not supported: spec.foo");
  });

  it("knows nodes, namespaces and events by their columns", async () => {
    const nodes = (await run("get", "nodes")).split("\n");
    expect(words(nodes[0])).toEqual(["NAME", "STATUS", "ROLES", "AGE", "VERSION"]);
    expect(words(nodes[1]).toSpliced(3, 1)).toEqual(["node-1", "Ready", "worker", "v1.32.0"]);
    expect(await run("get", "ns")).toMatch(/cache\s+Active/);
    const events = (await run("get", "events", "-n", "cache")).split("\n");
    expect(words(events[0])).toEqual(["LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"]);
    expect(words(events[1]).slice(1)).toEqual([
      "Warning",
      "BackOff",
      "pod/redis-0",
      "Back-off restarting failed container",
    ]);
  });

  it("says NotFound in the server's words", async () => {
    const pod = await kubectl(lab, ["get", "pod", "nope", "-n", "cache"]);
    expect([pod.code, pod.stderr]).toEqual([1, 'Error from server (NotFound): pods "nope" not found\n']);
    const chaos = await kubectl(lab, ["get", "podchaos", "nope", "-n", "cache"]);
    expect(chaos.stderr).toBe('Error from server (NotFound): podchaos.chaos-mesh.org "nope" not found\n');
  });

  it("follows changes with -w, through a selector too", async () => {
    const change = (mutate: (copy: LabObject) => void) =>
      lab.store.update({ kind: "Pod", namespace: "cache", name: "redis-2" }, mutate);
    const label = (value: string) =>
      change((copy) => {
        copy.metadata.labels = { ...copy.metadata.labels, watched: value };
      });
    label("yes");
    const child = startKubectl(lab, ["get", "pods", "-n", "cache", "-w", "-l", "watched=yes"]);
    const lines: string[] = [];
    const next = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
    const read = async () => lines.push((await next.next()).value ?? "end of output");
    try {
      await read();
      await read();
      change((copy) => {
        copy.status = { ...copy.status, reason: "Evicted" };
      });
      await read();
      // Leaves the selection: kubectl is told that it is gone, and prints its last state.
      label("no");
      await read();
      expect(lines.map((line) => words(line)[2])).toEqual(["STATUS", "Running", "Evicted", "Evicted"]);
    } finally {
      child.kill();
    }
  });
});

describe("other reading commands", () => {
  it("describes a pod with its events", async () => {
    const text = await run("describe", "pod", "redis-0", "-n", "cache");
    expect(text).toMatch(/Node:\s+node-1\/10\.0\.0\.1/);
    expect(text).toMatch(/IP:\s+10\.77\.0\.10/);
    expect(text).toMatch(/Warning\s+BackOff.*Back-off restarting failed container/);
  });

  it("lists what the server serves", async () => {
    const text = await run("api-resources", "--no-headers", "-o", "name");
    for (const name of ["pods", "statefulsets.apps", "networkchaos.chaos-mesh.org", "iochaos.chaos-mesh.org"]) {
      expect(text.split("\n")).toContain(name);
    }
    expect(await run("api-versions")).toContain("chaos-mesh.org/v1alpha1\n");
  });

  it("explains a chaos kind and a built-in one", async () => {
    expect(await run("explain", "networkchaos.spec.direction")).toContain("seen from the selected pods");
    expect(await run("explain", "pod.spec.containers.resources")).toContain("limits");
  });

  it("answers auth can-i, whoami and version", async () => {
    expect(await run("auth", "can-i", "create", "networkchaos.chaos-mesh.org", "-n", "cache")).toBe("yes\n");
    expect(await run("auth", "whoami")).toContain("lab");
    expect(await run("version")).toMatch(/Server Version: v1\.32\.0/);
    expect(await run("get", "--raw", "/readyz")).toBe("ok");
  });

  it("prints and follows logs", async () => {
    const output = new PassThrough();
    lab.runtime.lines.set("redis-0", output);
    output.write("one\ntwo\nthree\n");
    expect(await run("logs", "redis-0", "-n", "cache", "--tail=2")).toBe("two\nthree\n");

    const child = startKubectl(lab, ["logs", "-f", "redis-0", "-n", "cache"]);
    let text = "";
    const followed = new Promise<void>((resolve) => {
      child.stdout?.on("data", (chunk: Buffer) => {
        text += chunk.toString("utf8");
        if (text.includes("four\n")) resolve();
        else output.write("four\n");
      });
    });
    output.write("again\n");
    await followed;
    child.kill();
    const unknown = await kubectl(lab, ["logs", "redis-0", "-n", "cache", "-c", "nope"]);
    expect(unknown.stderr).toContain("container nope is not valid for pod redis-0");
    const times = await kubectl(lab, ["logs", "redis-0", "-n", "cache", "--timestamps"]);
    expect(times.stderr).toContain("keeps no times of log lines");
  });

  it("waits for a condition, a field and a deletion", async () => {
    await run("wait", "--for=condition=Ready", "pod/redis-0", "-n", "cache", "--timeout=10s");
    await run("wait", "--for=jsonpath={.status.phase}=Running", "pod/redis-0", "-n", "cache", "--timeout=10s");
    lab.store.create(redisPod("leaving", "10.77.0.99", {}));
    const waiting = kubectl(lab, ["wait", "--for=delete", "pod/leaving", "-n", "cache", "--timeout=10s"]);
    const key = { kind: "Pod", namespace: "cache", name: "leaving" };
    setTimeout(() => lab.store.delete(key), 300);
    expect((await waiting).code).toBe(0);
  });
});
