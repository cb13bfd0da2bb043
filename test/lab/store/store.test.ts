import { describe, expect, it } from "vitest";
import { StoreError } from "../../../src/lab/objects.ts";
import type { Change, LabObject, NewObject, ObjectStore } from "../../../src/lab/objects.ts";
import { createStore } from "../../../src/lab/store/store.ts";

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

function pod(name: string, extra: Partial<NewObject["metadata"]> = {}): NewObject {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "cache", ...extra },
    spec: { nodeName: "n1" },
  };
}
const key = (name: string) => ({ kind: "Pod", namespace: "cache", name });

function reasonOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof StoreError) return error.reason;
    throw error;
  }
  return "no error";
}

async function recorded(store: ObjectStore, action: () => void, kind = "*"): Promise<string[]> {
  const seen: string[] = [];
  const stop = store.watch(kind, ({ type, object }) => seen.push(`${type} ${object.kind}/${object.metadata.name}`));
  action();
  await nextTurn();
  stop();
  return seen;
}

describe("objects", () => {
  it("fills in server-set metadata and ignores what the giver set of it", () => {
    const store = createStore({ now: () => Date.parse("2026-01-02T03:04:05.678Z") });
    const made = store.create(
      pod("a", {
        uid: "mine",
        resourceVersion: "999",
        deletionTimestamp: "2020-01-01T00:00:00Z",
        labels: { app: "x" },
      }),
    );
    expect(made.metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
    expect(made.metadata.resourceVersion).toBe(String(store.revision()));
    expect(made.metadata.creationTimestamp).toBe("2026-01-02T03:04:05Z");
    expect(made.metadata.deletionTimestamp).toBeUndefined();
    expect(made.metadata.labels).toEqual({ app: "x" });
  });

  it("hands out frozen objects and keeps copies", () => {
    const store = createStore();
    const given = pod("a", { labels: { app: "x" } });
    const made = store.create(given);
    given.metadata.labels!["app"] = "changed by the giver";
    expect(store.get(key("a"))?.metadata.labels).toEqual({ app: "x" });
    expect(() => {
      made.metadata.labels!["app"] = "changed by the taker";
    }).toThrow(TypeError);
  });

  it("refuses a second object of the same name, also of unknown ones", () => {
    const store = createStore();
    store.create(pod("a"));
    expect(reasonOf(() => store.create(pod("a")))).toBe("AlreadyExists");
    expect(reasonOf(() => store.update(key("b"), () => undefined))).toBe("NotFound");
    expect(reasonOf(() => store.delete(key("b")))).toBe("NotFound");
    expect(store.get({ ...key("a"), namespace: "other" })).toBeUndefined();
  });

  it("lists by kind and namespace in name order", () => {
    const store = createStore();
    for (const name of ["b", "a", "c"]) store.create(pod(name));
    store.create({ ...pod("a"), metadata: { name: "a", namespace: "another" } });
    expect(store.list("Pod").map((o) => `${o.metadata.namespace}/${o.metadata.name}`)).toEqual([
      "another/a",
      "cache/a",
      "cache/b",
      "cache/c",
    ]);
    expect(store.list("Pod", "cache")).toHaveLength(3);
    expect(store.list("Node")).toEqual([]);
  });
});

describe("update", () => {
  it("raises revision and generation as Kubernetes does, and neither for no difference", () => {
    const store = createStore();
    const made = store.create(pod("a"));
    const same = store.update(key("a"), (copy) => copy);
    expect(same.metadata.resourceVersion).toBe(made.metadata.resourceVersion);
    const labelled = store.update(key("a"), (copy) => {
      copy.metadata.labels = { app: "x" };
    });
    expect(labelled.metadata.generation).toBe(1);
    expect(Number(labelled.metadata.resourceVersion)).toBeGreaterThan(Number(made.metadata.resourceVersion));
    const changed = store.update(key("a"), (copy) => ({ ...copy, spec: { nodeName: "n2" } }));
    expect(changed.metadata.generation).toBe(2);
  });

  it("keeps uid, name and times whatever the change says", () => {
    const store = createStore();
    const made = store.create(pod("a"));
    const after = store.update(key("a"), (copy) => {
      copy.metadata.uid = "x";
      copy.metadata.name = "z";
      copy.metadata.creationTimestamp = "2020-01-01T00:00:00Z";
      copy.metadata.deletionTimestamp = "2020-01-01T00:00:00Z";
    });
    expect(after).toEqual(made);
  });

  it("refuses a stale resourceVersion", () => {
    const store = createStore();
    const made = store.create(pod("a"));
    const touch = (copy: LabObject) => {
      copy.metadata.labels = { n: String(Math.random()) };
    };
    store.update(key("a"), touch, { resourceVersion: made.metadata.resourceVersion });
    expect(reasonOf(() => store.update(key("a"), touch, { resourceVersion: made.metadata.resourceVersion }))).toBe(
      "Conflict",
    );
  });
});

describe("deletion", () => {
  it("removes at once without finalizers", () => {
    const store = createStore();
    store.create(pod("a"));
    store.delete(key("a"));
    expect(store.get(key("a"))).toBeUndefined();
  });

  it("waits for the last finalizer", () => {
    const store = createStore();
    store.create(pod("a", { finalizers: ["one", "two"] }));
    const marked = store.delete(key("a"));
    expect(marked.metadata.deletionTimestamp).toBeDefined();
    expect(store.delete(key("a")).metadata.resourceVersion).toBe(marked.metadata.resourceVersion);
    store.update(key("a"), (copy) => {
      copy.metadata.finalizers = ["two"];
    });
    expect(store.get(key("a"))).toBeDefined();
    store.update(key("a"), (copy) => {
      copy.metadata.finalizers = [];
    });
    expect(store.get(key("a"))).toBeUndefined();
  });

  it("keeps a gracefully deleted object until remove, and shortens but never prolongs its grace", () => {
    const store = createStore({ now: () => 0 });
    store.create(pod("a"));
    const marked = store.delete(key("a"), { graceful: true, gracePeriodSeconds: 30 });
    expect(marked.metadata.deletionGracePeriodSeconds).toBe(30);
    expect(marked.metadata.deletionTimestamp).toBe("1970-01-01T00:00:30Z");
    store.update(key("a"), (copy) => {
      copy.status = { phase: "Failed" };
    });
    expect(store.get(key("a"))).toBeDefined();
    expect(store.delete(key("a"), { graceful: true, gracePeriodSeconds: 60 }).metadata.deletionGracePeriodSeconds).toBe(
      30,
    );
    expect(store.delete(key("a"), { graceful: true, gracePeriodSeconds: 5 }).metadata.deletionGracePeriodSeconds).toBe(
      5,
    );
    store.remove(key("a"));
    expect(store.get(key("a"))).toBeUndefined();
  });

  it("lets a forced delete overtake a graceful one", () => {
    const store = createStore();
    store.create(pod("a"));
    store.delete(key("a"), { graceful: true, gracePeriodSeconds: 30 });
    store.delete(key("a"));
    expect(store.get(key("a"))).toBeUndefined();
  });

  it("removes whatever finalizers say", () => {
    const store = createStore();
    store.create(pod("a", { finalizers: ["one"] }));
    store.remove(key("a"));
    store.remove(key("a"));
    expect(store.get(key("a"))).toBeUndefined();
  });

  it("collects dependents of a removed owner, gracefully for running pods, but not those with another living owner", async () => {
    const store = createStore();
    const owner = (name: string) =>
      store.create({
        apiVersion: "apps/v1",
        kind: "StatefulSet",
        metadata: { name, namespace: "cache" },
      });
    const reference = (object: LabObject) => ({
      apiVersion: "apps/v1",
      kind: "StatefulSet",
      name: object.metadata.name,
      uid: object.metadata.uid,
    });
    const [first, second] = [owner("first"), owner("second")];
    store.create(pod("running", { ownerReferences: [reference(first)] }));
    store.create({ ...pod("unscheduled", { ownerReferences: [reference(first)] }), spec: {} });
    store.create(pod("shared", { ownerReferences: [reference(first), reference(second)] }));
    const seen = await recorded(store, () => store.delete({ kind: "StatefulSet", namespace: "cache", name: "first" }));
    expect(seen[0]).toBe("DELETED StatefulSet/first");
    expect(store.get(key("running"))?.metadata.deletionGracePeriodSeconds).toBe(30);
    expect(store.get(key("unscheduled"))).toBeUndefined();
    expect(store.get(key("shared"))?.metadata.ownerReferences).toEqual([reference(second)]);
  });
});

describe("watch", () => {
  it("tells every later change of its kind, in order and never during the change itself", async () => {
    const store = createStore();
    store.create(pod("before"));
    let during = 0;
    let busy = false;
    const seen: Change[] = [];
    const stop = store.watch("Pod", (change) => {
      expect(busy).toBe(false);
      busy = true;
      seen.push(change);
      // A listener that writes is told of its own write later, not inside this call.
      if (change.type === "ADDED") store.delete(key(change.object.metadata.name));
      busy = false;
    });
    store.create(pod("a"));
    store.create({ apiVersion: "v1", kind: "Node", metadata: { name: "n1" } });
    during = seen.length;
    for (let i = 0; i < 5; i += 1) await nextTurn();
    stop();
    expect(during).toBe(0);
    expect(seen.map((change) => `${change.type} ${change.object.metadata.name}`)).toEqual(["ADDED a", "DELETED a"]);
    expect(seen[1]?.previous).toEqual(seen[0]?.object);
    expect(seen[1]!.revision).toBeGreaterThan(seen[0]!.revision);
    expect(seen[1]!.object.metadata.resourceVersion).toBe(String(seen[1]!.revision));
  });

  it("resumes after a revision without gap or double", async () => {
    const store = createStore();
    const made = store.create(pod("a"));
    store.create(pod("b"));
    store.delete(key("a"));
    const seen: string[] = [];
    const stop = store.watch("Pod", (change) => seen.push(`${change.type} ${change.object.metadata.name}`), {
      sinceRevision: Number(made.metadata.resourceVersion),
    });
    store.create(pod("c"));
    await nextTurn();
    stop();
    store.create(pod("d"));
    await nextTurn();
    expect(seen).toEqual(["ADDED b", "DELETED a", "ADDED c"]);
  });

  it("says Expired when earlier changes are gone, and keeps at least as many as promised", () => {
    const store = createStore({ logSize: 10 });
    const first = store.revision();
    for (let i = 0; i < 100; i += 1) store.create(pod(`p${i}`));
    const now = store.revision();
    expect(reasonOf(() => store.watch("*", () => undefined, { sinceRevision: first }))).toBe("Expired");
    expect(reasonOf(() => store.watch("*", () => undefined, { sinceRevision: now - 10 })())).toBe("no error");
    expect(reasonOf(() => store.watch("*", () => undefined, { sinceRevision: now })())).toBe("no error");
  });
});
