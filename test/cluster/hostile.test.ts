import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { openCluster } from "../../src/cluster/kubernetes.ts";
import { runLabel } from "../../src/cluster/kinds.ts";
import type { Cluster, KubernetesObject } from "../../src/cluster/port.ts";
import { redisPod, startTestLab, type TestLab } from "../lab/api/support/lab.ts";
import type { Asked } from "../support/hostile-api/asked.ts";
import { startHostileApi, type HostileApi } from "../support/hostile-api/hostile-api.ts";
import { bySeed, type Misdeed } from "../support/hostile-api/misdeeds.ts";

/** The lab's real API server and store, the bot's real way to it, and the hostile proxy between them. */
let lab: TestLab;
let api: HostileApi;
let cluster: Cluster;
/** With deadlines shorter than the bot's own, so that a test of a server that hangs does not take half a minute. */
let hasty: Cluster;

beforeAll(async () => {
  lab = await startTestLab();
  lab.store.create(redisPod("redis-0", "10.77.0.10", { app: "redis" }));
  api = await startHostileApi(lab.server.kubeconfigPath, `${lab.directory}/hostile`);
  cluster = openCluster({ name: "lab", kubeconfig: api.kubeconfigPath });
  const short = { totalMs: 4000, tryMs: 1000 };
  hasty = openCluster({ name: "lab", kubeconfig: api.kubeconfigPath, deadlines: { call: short, list: short } });
});
afterEach(() => api.behave());
afterAll(async () => {
  await cluster?.close();
  await hasty?.close();
  await api?.stop();
  await lab?.close();
});

const chaos = (name: string, run = "run-1"): KubernetesObject => ({
  apiVersion: "chaos-mesh.org/v1alpha1",
  kind: "NetworkChaos",
  metadata: { name, namespace: "cache", labels: { [runLabel]: run } },
  spec: { action: "partition", mode: "all", selector: { pods: { cache: ["redis-0"] } } },
});
const ref = (name: string) => ({ kind: "NetworkChaos", namespace: "cache", name });
const uidOf = (name: string) => lab.store.get(ref(name))?.metadata.uid;
const creates = (from: number) => api.calls.slice(from).filter(({ verb }) => verb === "create");
const is =
  (verb: Asked["verb"], resource = "networkchaos") =>
  (asked: Asked) =>
    asked.verb === verb && asked.resource === resource;
/** How long `work` took, in milliseconds. */
async function timed(work: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await work();
  return performance.now() - from;
}

describe("creating a chaos object once, whatever becomes of the answer", () => {
  it.each<[string, Misdeed]>([
    ["lost", { does: "lose-answer" }],
    ["cut in the middle", { does: "cut" }],
    ["half of the JSON", { does: "truncate" }],
    ["never sent", { does: "hang-after" }],
  ])("the answer is %s: the object is looked for, found, and not made again", async (_what, does) => {
    const name = `run-1-${does.does}`;
    const from = api.calls.length;
    api.script({ when: is("create"), does, times: 1 });
    const created = await cluster.createChaos(chaos(name));
    expect(created.metadata.uid).toBe(uidOf(name));
    expect(creates(from)).toHaveLength(1);
  });

  it.each([409, 429, 500, 503])("answered %i without being done: made at the next try", async (status) => {
    const name = `run-1-refused-${status}`;
    const from = api.calls.length;
    api.script({ when: is("create"), does: { does: "answer", status }, times: 2 });
    expect((await cluster.createChaos(chaos(name))).metadata.uid).toBe(uidOf(name));
    expect(creates(from)).toHaveLength(3);
  });

  it("a cache that does not know it yet: 409 on the second create is our own object", async () => {
    const from = api.calls.length;
    api.script(
      { when: is("create"), does: { does: "lose-answer" }, times: 1 },
      { when: is("get"), does: { does: "answer", status: 404 }, times: 1 },
    );
    expect((await cluster.createChaos(chaos("run-1-stale"))).metadata.uid).toBe(uidOf("run-1-stale"));
    expect(creates(from)).toHaveLength(2);
  });

  it("an object of that name that is somebody else's is not taken for ours, and not tried again", async () => {
    await cluster.createChaos(chaos("taken", "run-9"));
    const from = api.calls.length;
    await expect(cluster.createChaos(chaos("taken"))).rejects.toMatchObject({ code: "cluster_refused" });
    expect(creates(from)).toHaveLength(1);
  });

  it("what the server refuses for good is not tried again", async () => {
    const from = api.calls.length;
    const bad = chaos("run-1-bad");
    await expect(cluster.createChaos({ ...bad, spec: { ...bad.spec, nonsense: 1 } })).rejects.toMatchObject({
      code: "cluster_refused",
    });
    expect(creates(from)).toHaveLength(1);
  });

  it("a pod of the run's own is made once too", async () => {
    const pod: KubernetesObject = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "run-1-scratch", namespace: "cache", labels: { [runLabel]: "run-1" } },
      spec: { containers: [{ name: "c", image: "i", command: ["true"] }] },
    };
    const from = api.calls.length;
    api.script({ when: is("create", "pods"), does: { does: "lose-answer" }, times: 1 });
    await cluster.createPod(pod);
    expect(creates(from)).toHaveLength(1);
    expect((await cluster.getPod("cache", "run-1-scratch"))?.metadata.labels?.[runLabel]).toBe("run-1");
  });
});

describe("reading and deleting", () => {
  it("hangs: a call without an answer is made again, and ends well", async () => {
    api.script({ when: is("list", "pods"), does: { does: "hang" }, times: 1 });
    expect((await hasty.pods("cache")).map(({ name }) => name)).toContain("redis-0");
  }, 30_000);

  it("hangs for good: the call ends by its own deadline, and says so", async () => {
    api.script({ when: is("get"), does: { does: "hang" } });
    const took = await timed(async () =>
      expect(hasty.getChaos(ref("x"))).rejects.toMatchObject({
        code: "cluster_unreachable",
        message: expect.stringContaining("no answer from the API server in time") as string,
      }),
    );
    expect(took).toBeLessThan(15_000);
  }, 30_000);

  it("is ended at once by its caller", async () => {
    api.script({ when: is("get"), does: { does: "hang" } });
    const stop = new AbortController();
    setTimeout(() => stop.abort(new Error("enough")), 200);
    expect(
      await timed(async () => expect(cluster.getChaos(ref("x"), stop.signal)).rejects.toThrow(/enough/)),
    ).toBeLessThan(3000);
  });

  it("429 with Retry-After: waits as long as it is told, then gets its answer", async () => {
    api.script({ when: is("get"), does: { does: "answer", status: 429, retryAfterS: 2 }, times: 1 });
    const took = await timed(async () => expect(cluster.getChaos(ref("x"))).resolves.toBeNull());
    expect(took).toBeGreaterThan(1900);
  });

  it("429 that asks for more than there is time for: fails at once and says what was answered", async () => {
    api.script({ when: is("get"), does: { does: "answer", status: 429, retryAfterS: 60 } });
    const took = await timed(async () =>
      expect(cluster.getChaos(ref("x"))).rejects.toMatchObject({ code: "cluster_refused" }),
    );
    expect(took).toBeLessThan(3000);
  });

  it("a delete whose answer is lost is asked again, and what is gone is gone", async () => {
    await cluster.createChaos(chaos("run-1-deleted"));
    api.script({ when: is("delete"), does: { does: "lose-answer" }, times: 1 });
    await cluster.deleteChaos(ref("run-1-deleted"));
    expect(lab.store.get(ref("run-1-deleted"))).toBeUndefined();
  });

  it("a pod's deletion whose answer is lost is not taken for somebody else's", async () => {
    lab.store.create(redisPod("redis-7", "10.77.0.17", {}));
    const uid = lab.store.get({ kind: "Pod", namespace: "cache", name: "redis-7" })?.metadata.uid ?? "";
    api.script({ when: is("delete", "pods"), does: { does: "lose-answer" }, times: 1 });
    const pod = { namespace: "cache", name: "redis-7", uid, gracePeriodSeconds: 0 };
    expect(await cluster.deletePod(pod)).toBe("deleted");
    expect(await cluster.deletePod(pod)).toBe("gone");
  });

  it("a node's patch whose answer is lost ends in a conflict, which makes the caller look", async () => {
    lab.store.create({ apiVersion: "v1", kind: "Node", metadata: { name: "n1" }, spec: {}, status: {} });
    const node = await cluster.placement().node("n1");
    api.script({ when: is("patch", "nodes"), does: { does: "lose-answer" }, times: 1 });
    const change = { schedulable: false, annotations: { a: "b" }, resourceVersion: node?.resourceVersion ?? "" };
    expect(await cluster.setSchedulable("n1", change)).toBe("conflict");
    expect(await cluster.placement().node("n1")).toMatchObject({ unschedulable: true, annotations: { a: "b" } });
  });

  it("a fifth of all requests goes wrong, by seed: forty objects are made, read and deleted, each once", async () => {
    const from = api.calls.length;
    api.judge(bySeed(20_260, 0.2));
    const names = Array.from({ length: 40 }, (_, at) => `run-5-${at}`);
    const uids = await Promise.all(
      names.map(async (name) => {
        const created = await cluster.createChaos(chaos(name, "run-5"));
        expect((await cluster.getChaos(ref(name)))?.metadata.uid).toBe(created.metadata.uid);
        return created.metadata.uid;
      }),
    );
    expect(new Set(uids).size).toBe(40);
    expect(await cluster.listChaos(`${runLabel}=run-5`)).toHaveLength(40);
    await Promise.all(names.map((name) => cluster.deleteChaos(ref(name))));
    api.behave();
    expect(await cluster.listChaos(`${runLabel}=run-5`)).toEqual([]);
    expect(api.calls.slice(from).filter(({ misdeed }) => misdeed !== null).length).toBeGreaterThan(10);
  }, 60_000);
});

describe("exec", () => {
  const echo = (timeoutMs = 5000) =>
    cluster.exec({ namespace: "cache", pod: "redis-0" }, ["sh", "-c", "echo said; sleep 1; echo more"], { timeoutMs });

  it.each<[string, Misdeed, RegExp]>([
    ["cut in the middle", { does: "cut-stream", afterMs: 300 }, /closed before the command's exit status came/],
    ["told something unreadable", { does: "garble" }, /could not be read/],
    ["refused for good", { does: "answer", status: 403 }, /HTTP 403/],
  ])("%s: rejects and says so, and the process lives on", async (_what, does, message) => {
    api.script({ when: is("exec", "pods"), does });
    await expect(echo()).rejects.toThrow(message);
  });

  it.each<[string, Misdeed]>([
    ["no answer to the handshake", { does: "hang" }],
    ["a connection that says nothing", { does: "hang-after" }],
  ])("%s: ends by its own deadline", async (_what, does) => {
    api.script({ when: is("exec", "pods"), does });
    expect(
      await timed(async () => expect(echo(800)).rejects.toThrow(/no answer from the API server in time/)),
    ).toBeLessThan(5000);
  });

  it("a server that is busy is asked again, and the command runs once", async () => {
    const before = lab.runtime.requests.length;
    api.script({ when: is("exec", "pods"), does: { does: "answer", status: 503 }, times: 2 });
    expect(await echo()).toMatchObject({ exitCode: 0, stdout: "said\nmore\n" });
    expect(lab.runtime.requests.length - before).toBe(1);
  });

  it("a command whose connection was cut is not run a second time", async () => {
    const before = lab.runtime.requests.length;
    api.script({ when: is("exec", "pods"), does: { does: "cut-stream", afterMs: 300 }, times: 1 });
    await expect(echo()).rejects.toThrow();
    expect(lab.runtime.requests.length - before).toBe(1);
  });
});

describe("what the server would drop or deny", () => {
  it("is refused by the field's name, since validation is asked to be strict", async () => {
    const typo = { ...chaos("run-1-typo"), spec: { ...chaos("x").spec, dirction: "both" } };
    await expect(cluster.createChaos(typo)).rejects.toMatchObject({
      code: "cluster_refused",
      message: expect.stringContaining('unknown field "spec.dirction"'),
    });
    expect(uidOf("run-1-typo")).toBeUndefined();
  });
  it("is refused in the webhook's words", async () => {
    const wrong = { ...chaos("run-1-wrong"), spec: { ...chaos("x").spec, mode: "fixed", value: "none" } };
    await expect(cluster.createChaos(wrong)).rejects.toMatchObject({ code: "cluster_refused" });
    expect(uidOf("run-1-wrong")).toBeUndefined();
  });
});

describe("a list that is not found", () => {
  const absent = (path: string) => (asked: Asked) => asked.path === path;
  const notFound = { does: "answer", status: 404 } as const;
  it("is none where the server does not serve the kind, or the whole group", async () => {
    const others = {
      kind: "APIResourceList",
      apiVersion: "v1",
      groupVersion: "chaos-mesh.org/v1alpha1",
      resources: [],
    };
    const groups = { kind: "APIGroupList", apiVersion: "v1", groups: [] };
    const answer = (path: string, body: object) => ({
      when: absent(path),
      does: { does: "answer", status: 200, text: JSON.stringify(body) } as const,
    });
    api.script({ when: is("list"), does: notFound }, answer("/apis/chaos-mesh.org/v1alpha1", others));
    expect(await cluster.listChaos("a=b")).toEqual([]);
    api.script({ when: is("list"), does: notFound }, answer("/apis", groups));
    expect(await cluster.listChaos("a=b")).toEqual([]);
  });
  it("is refused, and never none, where the server serves the kind", async () => {
    api.script({ when: is("list"), does: notFound });
    for (const namespace of [undefined, "cache"]) {
      await expect(cluster.listChaos("a=b", namespace)).rejects.toMatchObject({
        code: "cluster_refused",
        message: expect.stringContaining("says that it serves NetworkChaos"),
        hint: expect.stringContaining("kubectl get networkchaos.chaos-mesh.org"),
      });
    }
  });
  it("is refused where everything is not found, as before a proxy with a wrong path", async () => {
    api.script({ when: () => true, does: notFound });
    await expect(cluster.listChaos("a=b")).rejects.toMatchObject({ code: "cluster_refused" });
  });
});

describe("Chaos Mesh's own pods", () => {
  it("are found by their component, each with its node and whether it is ready", async () => {
    const own = (name: string, component: string, ready: "True" | "False") => {
      const pod = redisPod(name, "10.77.0.30", { "app.kubernetes.io/component": component });
      pod.metadata.namespace = "chaos-mesh";
      Object.assign(pod, {
        spec: { ...Object(pod.spec), nodeName: `node-of-${name}` },
        status: { ...Object(pod.status), conditions: [{ type: "Ready", status: ready }] },
      });
      lab.store.create(pod);
    };
    own("cm", "controller-manager", "True");
    own("daemon", "chaos-daemon", "False");
    own("dashboard", "chaos-dashboard", "True");
    const { controllers, daemons, namespace } = await cluster.chaosMesh();
    expect(namespace).toBe("chaos-mesh");
    expect(controllers).toMatchObject([{ name: "cm", node: "node-of-cm", ready: true }]);
    expect(daemons).toMatchObject([{ name: "daemon", node: "node-of-daemon", ready: false }]);
  });
  it("are none in another namespace, and unknown where the list is refused", async () => {
    const elsewhere = openCluster({ name: "lab", kubeconfig: api.kubeconfigPath, chaosMeshNamespace: "cache" });
    expect(await elsewhere.chaosMesh()).toEqual({ namespace: "cache", controllers: [], daemons: [] });
    await elsewhere.close();
    api.script({ when: is("list", "pods"), does: { does: "answer", status: 403 } });
    await expect(cluster.chaosMesh()).rejects.toMatchObject({ code: "cluster_refused" });
  });
});
