import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ask, watch } from "./support/http.ts";
import { redisPod, startTestLab } from "./support/lab.ts";
import type { TestLab } from "./support/lab.ts";

let lab: TestLab;
beforeAll(async () => {
  lab = await startTestLab({ logSize: 20 });
});
afterAll(() => lab.close());
beforeEach(() => {
  for (const pod of lab.store.list("Pod")) lab.store.remove(key(pod.metadata.name));
});

const pods = "/api/v1/namespaces/cache/pods";
const key = (name: string) => ({ kind: "Pod", namespace: "cache", name });
const create = (name: string, role = "replica") => lab.store.create(redisPod(name, "10.77.0.10", { role }));
const brief = (events: Array<{ type: string; object: { metadata: { name: string } } }>) =>
  events.map(({ type, object }) => `${type} ${object.metadata.name}`);

describe("watch", () => {
  it("shows what is there, then what changes", async () => {
    create("a");
    const events = await watch(lab, `${pods}?watch=true`);
    expect(brief(await events.take(1))).toEqual(["ADDED a"]);
    create("b");
    lab.store.remove(key("a"));
    expect(brief(await events.take(2))).toEqual(["ADDED b", "DELETED a"]);
    events.close();
  });

  it("resumes after a list without gap or double", async () => {
    create("a");
    const { body } = await ask(lab, pods);
    create("b");
    const { resourceVersion } = body["metadata"] as { resourceVersion: string };
    const events = await watch(lab, `${pods}?watch=true&resourceVersion=${resourceVersion}`);
    create("c");
    const taken = await events.take(2);
    expect(brief(taken)).toEqual(["ADDED b", "ADDED c"]);
    events.close();
    const later = await watch(lab, `${pods}?watch=true&resourceVersion=${taken[0]!.object.metadata.resourceVersion}`);
    expect(brief(await later.take(1))).toEqual(["ADDED c"]);
    later.close();
  });

  it("gives a 410 inside the stream for a version that is gone or not yet there", async () => {
    const first = lab.store.revision();
    for (let i = 0; i < 60; i += 1) create(`p${i}`);
    for (const version of [first, lab.store.revision() + 1000]) {
      const events = await watch(lab, `${pods}?watch=true&resourceVersion=${version}`);
      const all = await events.rest();
      expect(all).toHaveLength(1);
      expect(all[0]).toMatchObject({ type: "ERROR", object: { kind: "Status", code: 410, reason: "Expired" } });
    }
  });

  it("turns entering and leaving a selection into ADDED and DELETED", async () => {
    create("a");
    const events = await watch(lab, `${pods}?watch=true&labelSelector=role%3Dmaster`);
    const role = (value: string) =>
      lab.store.update(key("a"), (copy) => {
        copy.metadata.labels = { role: value };
      });
    role("master");
    lab.store.update(key("a"), (copy) => {
      copy.metadata.annotations = { x: "y" };
    });
    role("replica");
    expect(brief(await events.take(3))).toEqual(["ADDED a", "MODIFIED a", "DELETED a"]);
    events.close();
  });

  it("watches one name, as kubectl delete does", async () => {
    const events = await watch(lab, `${pods}?watch=true&fieldSelector=metadata.name%3Da`);
    create("b");
    create("a");
    expect(brief(await events.take(1))).toEqual(["ADDED a"]);
    events.close();
  });

  it("ends after timeoutSeconds, with a bookmark for those who want one", async () => {
    create("a");
    const events = await watch(lab, `${pods}?watch=true&timeoutSeconds=1&allowWatchBookmarks=true`);
    const all = await events.rest();
    expect(all.map(({ type }) => type)).toEqual(["ADDED", "BOOKMARK"]);
    expect(all[1]?.object).toMatchObject({ kind: "Pod", metadata: { resourceVersion: String(lab.store.revision()) } });
    const without = await watch(lab, `${pods}?watch=true&timeoutSeconds=1`);
    expect((await without.rest()).map(({ type }) => type)).toEqual(["ADDED"]);
  });

  it("marks the end of the initial events when asked for them", async () => {
    create("a");
    const query = "watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";
    const events = await watch(lab, `${pods}?${query}`);
    const taken = await events.take(2);
    expect(taken[1]).toMatchObject({
      type: "BOOKMARK",
      object: { metadata: { annotations: { "k8s.io/initial-events-end": "true" } } },
    });
    events.close();
  });

  it("sends tables, the columns with the first only", async () => {
    create("a");
    const events = await watch(lab, `${pods}?watch=true`, { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" });
    create("b");
    const [first, second] = (await events.take(2)) as unknown as Array<{
      object: { columnDefinitions: unknown[]; rows: unknown[] };
    }>;
    expect(first?.object.columnDefinitions).toHaveLength(9);
    expect(second?.object.columnDefinitions).toEqual([]);
    expect(second?.object.rows).toMatchObject([
      {
        cells: ["b", "1/1", "Running", "0", expect.stringMatching(/^\ds$/), "10.77.0.10", "node-1", "<none>", "<none>"],
      },
    ]);
    events.close();
  });

  it("ends when the server closes", async () => {
    const own = await startTestLab();
    const events = await watch(own, `${pods}?watch=true`);
    const rest = events.rest().catch(() => []);
    await own.close();
    expect(await rest).toEqual([]);
  });
});
