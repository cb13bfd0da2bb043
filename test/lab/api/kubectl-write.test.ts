import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { eventually, kubectl, manifest, reapPods, redisPod, startTestLab } from "./support/lab.ts";
import type { TestLab } from "./support/lab.ts";

let lab: TestLab;
let stopReaping: () => void;

beforeAll(async () => {
  lab = await startTestLab();
  lab.store.create({ apiVersion: "v1", kind: "Node", metadata: { name: "node-1" }, spec: {}, status: {} });
  stopReaping = reapPods(lab.store);
});
afterAll(async () => {
  stopReaping();
  await lab.close();
});
beforeEach(() => {
  for (const pod of lab.store.list("Pod", "cache")) lab.store.remove(podKey(pod.metadata.name));
  lab.store.create(redisPod("redis-0", "10.77.0.10", { app: "redis" }));
});

const podKey = (name: string) => ({ kind: "Pod", namespace: "cache", name });
const pod = (name: string) => lab.store.get(podKey(name));
const run = async (...args: string[]) => {
  const result = await kubectl(lab, args);
  expect(result.stderr.replace(/^Warning: (Immediate deletion|deleting Pods).*\n/gm, "")).toBe("");
  expect(result.code).toBe(0);
  return result.stdout;
};

const podManifest = (metadata: string) =>
  `apiVersion: v1\nkind: Pod\nmetadata: ${metadata}\nspec: {containers: [{name: a, image: b}]}\n`;

const set = (replicas: number, image: string) => `
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: redis, namespace: cache, labels: {app: redis}}
spec:
  replicas: ${replicas}
  serviceName: redis
  selector: {matchLabels: {app: redis}}
  template:
    metadata: {labels: {app: redis}}
    spec:
      containers:
      - {name: redis, image: "${image}", ports: [{containerPort: 6379}], resources: {requests: {cpu: 1}}}
      - {name: sidecar, image: "exporter:1"}
`;

describe("kubectl apply", () => {
  it("creates, leaves alone, and changes through a strategic merge patch", async () => {
    const file = await manifest(lab, "set.yaml", set(3, "redis:7.0"));
    expect(await run("apply", "-f", file)).toBe("statefulset.apps/redis created\n");
    expect(await run("apply", "-f", file)).toBe("statefulset.apps/redis unchanged\n");
    await manifest(lab, "set.yaml", set(5, "redis:7.2"));
    expect(await run("apply", "-f", file)).toBe("statefulset.apps/redis configured\n");
    const stored = lab.store.get({ kind: "StatefulSet", namespace: "cache", name: "redis" });
    expect(stored).toMatchObject({
      metadata: { generation: 2 },
      spec: { replicas: 5, template: { spec: { containers: [{ image: "redis:7.2" }, { image: "exporter:1" }] } } },
    });
    expect(await run("get", "sts", "-n", "cache", "-o", "wide")).toMatch(
      /redis\s+0\/5\s+\S+\s+redis,sidecar\s+redis:7.2,exporter:1/,
    );
    await run("delete", "-f", file);
  });

  it("refuses an unknown field, a wrong type, a bad selector and a missing namespace", async () => {
    const refused = async (text: string) =>
      (await kubectl(lab, ["apply", "-f", await manifest(lab, "bad.yaml", text)])).stderr;
    expect(await refused(set(3, "redis").replace("ports:", "porst:"))).toContain(
      'StatefulSet in version "v1" cannot be handled as a StatefulSet: strict decoding error: unknown field "spec.template.spec.containers[0].porst"',
    );
    expect(await refused(set(3, "redis").replace("replicas: 3", "replicas: three"))).toContain(
      "json: cannot unmarshal string into Go struct field StatefulSet.spec.replicas of type int",
    );
    expect(await refused(set(3, "redis").replace("matchLabels: {app: redis}", "matchLabels: {app: other}"))).toContain(
      "spec.template.metadata.labels: Invalid value",
    );
    expect(await refused(set(3, "redis").replace("namespace: cache", "namespace: nope"))).toContain(
      "Error from server (NotFound): error when creating",
    );
  });
});

describe("changes", () => {
  it("labels, annotates and patches a pod, but not its command", async () => {
    await run("label", "pod", "redis-0", "-n", "cache", "role=master");
    await run("annotate", "pod", "redis-0", "-n", "cache", "note=hello");
    await run("label", "pod", "redis-0", "-n", "cache", "app-");
    expect(pod("redis-0")?.metadata).toMatchObject({ labels: { role: "master" }, annotations: { note: "hello" } });
    expect(pod("redis-0")?.metadata.labels).not.toHaveProperty("app");
    const spec = '{"spec":{"containers":[{"name":"redis","command":["x"]}]}}';
    const refused = await kubectl(lab, ["patch", "pod", "redis-0", "-n", "cache", "-p", spec]);
    expect(refused.stderr).toContain(
      'The Pod "redis-0" is invalid: spec: Forbidden: pod updates may not change fields',
    );
    await run(
      "patch",
      "pod",
      "redis-0",
      "-n",
      "cache",
      "-p",
      '{"spec":{"containers":[{"name":"redis","image":"r:8"}]}}',
    );
    expect(pod("redis-0")?.spec).toMatchObject({ containers: [{ name: "redis", image: "r:8" }] });
  });

  it("cordons and uncordons a node", async () => {
    await run("cordon", "node-1");
    expect(lab.store.get({ kind: "Node", name: "node-1" })?.spec).toEqual({ unschedulable: true });
    await run("uncordon", "node-1");
    expect(lab.store.get({ kind: "Node", name: "node-1" })?.spec?.["unschedulable"]).toBeFalsy();
  });

  it("refuses a bad label and a bad name", async () => {
    const label = await kubectl(lab, ["create", "-f", await manifest(lab, "p.yaml", podText("ok", "{app: 'not ok'}"))]);
    expect(label.stderr).toContain('metadata.labels: Invalid value: "not ok": a valid label must be');
    const name = await kubectl(lab, ["create", "-f", await manifest(lab, "p.yaml", podText("Not_ok", "{}"))]);
    expect(name.stderr).toContain('metadata.name: Invalid value: "Not_ok": a lowercase RFC 1123 subdomain');
  });

  const podText = (name: string, labels: string) => podManifest(`{name: ${name}, namespace: cache, labels: ${labels}}`);

  it("creates pods by generateName and not on a dry run", async () => {
    const text = podManifest("{generateName: job-, namespace: cache}");
    const file = await manifest(lab, "generate.yaml", text);
    expect(await run("create", "-f", file)).toMatch(/^pod\/job-[b-df-hj-np-tv-z2-9]{5} created\n$/);
    const before = lab.store.list("Pod").length;
    expect(await run("create", "-f", file, "--dry-run=server", "-o", "name")).toMatch(/^pod\/job-/);
    expect(lab.store.list("Pod")).toHaveLength(before);
    const again = await kubectl(lab, ["run", "redis-0", "--image=x", "-n", "cache"]);
    expect(again.stderr).toBe('Error from server (AlreadyExists): pods "redis-0" already exists\n');
  });
});

describe("deletion", () => {
  it("gives a pod its grace period and waits until it is gone", async () => {
    stopReaping();
    const deleting = kubectl(lab, ["delete", "pod", "redis-0", "-n", "cache", "--grace-period=7"]);
    const marked = await eventually(lab.store, () =>
      pod("redis-0")?.metadata.deletionTimestamp ? pod("redis-0") : undefined,
    );
    expect(marked.metadata.deletionGracePeriodSeconds).toBe(7);
    expect(await run("get", "pods", "-n", "cache")).toContain("Terminating");
    lab.store.remove(podKey("redis-0"));
    expect((await deleting).stdout).toBe('pod "redis-0" deleted\n');
    stopReaping = reapPods(lab.store);
  });

  it("takes a pod away at once by force", async () => {
    expect(await run("delete", "pod", "redis-0", "-n", "cache", "--grace-period=0", "--force")).toContain(
      "force deleted",
    );
    expect(pod("redis-0")).toBeUndefined();
  });

  it("evicts on drain", async () => {
    expect(await run("drain", "node-1", "--force")).toContain("pod/redis-0 evicted");
    expect(pod("redis-0")).toBeUndefined();
    await run("uncordon", "node-1");
  });

  it("deletes dependents, in the foreground or not, and spares them on orphan", async () => {
    const file = await manifest(lab, "set.yaml", set(1, "redis:7.0"));
    for (const cascade of ["background", "foreground", "orphan"]) {
      await run("apply", "-f", file);
      const owner = lab.store.get({ kind: "StatefulSet", namespace: "cache", name: "redis" })!;
      const reference = { apiVersion: "apps/v1", kind: "StatefulSet", name: "redis", uid: owner.metadata.uid };
      const owned = redisPod("owned", "10.77.0.50", {});
      owned.metadata.ownerReferences = [{ ...reference, controller: true, blockOwnerDeletion: true }];
      lab.store.create(owned);
      await run("delete", "sts", "redis", "-n", "cache", `--cascade=${cascade}`);
      expect(lab.store.get({ kind: "StatefulSet", namespace: "cache", name: "redis" })).toBeUndefined();
      if (cascade === "orphan") expect(pod("owned")?.metadata.ownerReferences).toEqual([]);
      else await eventually(lab.store, () => (pod("owned") === undefined ? true : undefined));
    }
  });

  it("keeps Secrets, however they are written, and shows their size alone", async () => {
    await run("create", "secret", "generic", "login", "-n", "cache", "--from-literal=password=hunter2");
    const head = "apiVersion: v1\nkind: Secret\nmetadata: {name: applied, namespace: cache}\n";
    const secret = `${head}stringData: {user: bot}\n`;
    expect(await run("apply", "-f", await manifest(lab, "secret.yaml", secret))).toBe("secret/applied created\n");
    expect(await run("get", "secret", "applied", "-n", "cache", "-o", "jsonpath={.data.user}{.stringData}")).toBe(
      "Ym90",
    );
    expect(await run("get", "secret", "login", "-n", "cache", "-o", "jsonpath={.data.password}")).toBe("aHVudGVyMg==");
    expect(await run("get", "secrets", "-n", "cache")).toMatch(/^login +Opaque +1 +\d+s$/m);
    expect(await run("describe", "secret", "login", "-n", "cache")).toMatch(/password: +7 bytes/);
    const tls = await kubectl(lab, ["create", "secret", "generic", "t", "-n", "cache", "--type=kubernetes.io/tls"]);
    expect(tls.stderr).toContain('Secret "t" is invalid');
    expect(await run("delete", "secret", "login", "applied", "-n", "cache")).toContain('secret "login" deleted');
    expect((await kubectl(lab, ["get", "secret", "login", "-n", "cache"])).stderr).toContain("not found");
  });

  it("empties a namespace before it goes, and lets nothing new in meanwhile", async () => {
    await run("create", "namespace", "short");
    await run("create", "configmap", "settings", "-n", "short", "--from-literal=a=b");
    expect(await run("get", "cm", "settings", "-n", "short", "-o", "jsonpath={.data.a}")).toBe("b");
    const stuck = { apiVersion: "chaos-mesh.org/v1alpha1", kind: "PodChaos", spec: {} };
    lab.store.create({ ...stuck, metadata: { name: "c", namespace: "short", finalizers: ["chaos-mesh/records"] } });
    const deleting = kubectl(lab, ["delete", "ns", "short"]);
    await eventually(lab.store, () => lab.store.get({ kind: "Namespace", name: "short" })?.metadata.deletionTimestamp);
    expect(await run("get", "ns", "short")).toContain("Terminating");
    const late = await kubectl(lab, ["create", "configmap", "late", "-n", "short"]);
    expect(late.stderr).toContain("unable to create new content in namespace short because it is being terminated");
    // As the kubelet and the controllers do of what is ending there.
    lab.store.create({ apiVersion: "v1", kind: "Event", metadata: { name: "late", namespace: "short" } });
    lab.store.update({ kind: "PodChaos", namespace: "short", name: "c" }, (copy) => {
      copy.metadata.finalizers = [];
    });
    expect((await deleting).stdout).toBe('namespace "short" deleted\n');
    const kept = await kubectl(lab, ["delete", "ns", "default"]);
    expect(kept.stderr).toContain("this namespace may not be deleted");
  });
});
