import { stat } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ask, open } from "./support/http.ts";
import { redisPod, startTestLab } from "./support/lab.ts";
import type { TestLab } from "./support/lab.ts";

let lab: TestLab;
beforeAll(async () => {
  lab = await startTestLab();
  lab.store.create(redisPod("redis-0", "10.77.0.10", { app: "redis" }));
});
afterAll(() => lab.close());

const pods = "/api/v1/namespaces/cache/pods";
const chaos = "/apis/chaos-mesh.org/v1alpha1/namespaces/cache/networkchaos";
const partition = (name: string) => ({
  apiVersion: "chaos-mesh.org/v1alpha1",
  kind: "NetworkChaos",
  metadata: { name },
  spec: { action: "partition", mode: "all", selector: {} },
});
const podBody = (name: string) => ({ metadata: { name }, spec: { containers: [{ name: "a", image: "b" }] } });
const merge = { "content-type": "application/merge-patch+json" };

describe("access", () => {
  it("is refused without the token, on every path and on upgrades", async () => {
    for (const path of [pods, "/version", "/readyz", "/apis", "/nowhere"]) {
      for (const token of ["", "wrong", "x".repeat(43)]) {
        const { code, body } = await ask(lab, path, { token });
        expect(code).toBe(401);
        expect(body).toMatchObject({ kind: "Status", reason: "Unauthorized", message: "Unauthorized", code: 401 });
      }
    }
    const upgrade = { connection: "upgrade", upgrade: "websocket", "sec-websocket-protocol": "v5.channel.k8s.io" };
    const { code } = await ask(lab, `${pods}/redis-0/exec?command=id`, { token: "wrong", headers: upgrade });
    expect(code).toBe(401);
    expect(lab.runtime.requests).toEqual([]);
    expect((await ask(lab, "/version")).code).toBe(200);
  });

  it("is kept in a file for its owner only, by a certificate that clients can check", async () => {
    expect((await stat(lab.server.kubeconfigPath)).mode & 0o777).toBe(0o600);
    expect(lab.server.kubeconfig).toContain("current-context: lab");
    expect(lab.server.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
  });
});

describe("errors", () => {
  it.each([
    [
      "GET",
      "/api/v1/replicationcontrollers",
      undefined,
      404,
      "NotFound",
      "the server could not find the requested resource",
    ],
    [
      "GET",
      "/apis/apps/v1/controllerrevisions",
      undefined,
      404,
      "NotFound",
      "the server could not find the requested resource",
    ],
    ["GET", `${pods}/nope`, undefined, 404, "NotFound", 'pods "nope" not found'],
    ["GET", "/api/v1/namespaces/%E0%A4%A", undefined, 400, "BadRequest", "the path is not properly encoded"],
    ["POST", "/api/v1/namespaces/nope/pods", podBody("x"), 404, "NotFound", 'namespaces "nope" not found'],
    ["POST", pods, podBody("redis-0"), 409, "AlreadyExists", 'pods "redis-0" already exists'],
    [
      "POST",
      pods,
      { metadata: {}, spec: { containers: [{ name: "a", image: "b" }] } },
      422,
      "Invalid",
      'Pod "" is invalid: metadata.name: Required value: name or generateName is required',
    ],
    [
      "POST",
      pods,
      { metadata: { name: "x" }, spec: {} },
      422,
      "Invalid",
      'Pod "x" is invalid: spec.containers: Required value',
    ],
    ["POST", pods, "{not json", 400, "BadRequest", "error decoding the body of the request"],
    ["POST", pods, partition("x"), 400, "BadRequest", "does not match the expected API version (v1)"],
    [
      "POST",
      pods,
      { metadata: { name: "x", namespace: "other" } },
      400,
      "BadRequest",
      "the namespace of the provided object does not match the namespace sent on the request",
    ],
    [
      "PUT",
      `${pods}/redis-0`,
      podBody("redis-1"),
      400,
      "BadRequest",
      "the name of the object (redis-1) does not match the name on the URL (redis-0)",
    ],
    ["PUT", `${chaos}/nope`, partition("nope"), 404, "NotFound", 'networkchaos.chaos-mesh.org "nope" not found'],
    [
      "DELETE",
      `${pods}/redis-0`,
      { preconditions: { uid: "other" } },
      409,
      "Conflict",
      "the UID in the precondition (other) does not match the UID in record",
    ],
    ["DELETE", `${pods}/redis-0`, { propagationPolicy: "Later" }, 400, "BadRequest", "invalid propagationPolicy"],
    [
      "POST",
      "/api/v1/pods",
      podBody("x"),
      405,
      "MethodNotAllowed",
      "the server does not allow this method on the requested resource",
    ],
    ["GET", `${pods}?labelSelector=a==b==c`, undefined, 400, "BadRequest", "unable to parse requirement"],
    ["GET", `${pods}?resourceVersion=999999`, undefined, 504, "Timeout", "Too large resource version: 999999"],
    ["GET", `${pods}/redis-0/exec?command=id`, undefined, 400, "BadRequest", "Upgrade request required"],
  ])("%s %s -> %d %s", async (method, path, sent, code, reason, message) => {
    const { body, ...answer } = await ask(lab, path, { method, ...(sent === undefined ? {} : { body: sent }) });
    expect(answer.code).toBe(code);
    expect(body).toMatchObject({ kind: "Status", apiVersion: "v1", status: "Failure", reason, code });
    expect(body["message"]).toContain(message);
  });

  it("carry the details that clients read", async () => {
    const missing = await ask(lab, `${chaos}/nope`);
    expect(missing.body["details"]).toEqual({ name: "nope", group: "chaos-mesh.org", kind: "networkchaos" });
    const bad = await ask(lab, chaos, {
      method: "POST",
      body: { ...partition("x"), spec: { action: "x", mode: "all", selector: {} } },
    });
    expect(bad.body["details"]).toMatchObject({
      kind: "NetworkChaos",
      causes: [{ reason: "FieldValueNotSupported", field: "spec.action" }],
    });
  });

  it("415 for a body that is not JSON, and for a strategic patch of a custom resource", async () => {
    const text = await ask(lab, pods, { method: "POST", body: "a", headers: { "content-type": "text/plain" } });
    expect([text.code, text.body["reason"]]).toEqual([415, "UnsupportedMediaType"]);
    lab.store.create({ ...partition("patched"), metadata: { name: "patched", namespace: "cache" } });
    const headers = { "content-type": "application/strategic-merge-patch+json" };
    const patch = await ask(lab, `${chaos}/patched`, { method: "PATCH", body: {}, headers });
    expect(patch.code).toBe(415);
    expect(patch.body["message"]).toBe(
      "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml",
    );
  });

  it("413 for a body beyond the limit, 406 for a form that nobody has", async () => {
    const large = await ask(lab, pods, { method: "POST", body: JSON.stringify({ a: "x".repeat(3_200_000) }) });
    expect(large.code).toBe(413);
    expect((await ask(lab, pods, { headers: { accept: "text/html" } })).code).toBe(406);
  });
});

describe("writing", () => {
  it("refuses stale updates and patches with Conflict", async () => {
    const { body } = await ask(lab, `${pods}/redis-0`);
    const label = { metadata: { labels: { touched: "yes" } } };
    expect((await ask(lab, `${pods}/redis-0`, { method: "PATCH", body: label, headers: merge })).code).toBe(200);
    const stale = await ask(lab, `${pods}/redis-0`, { method: "PUT", body });
    expect(stale.code).toBe(409);
    expect(stale.body["message"]).toBe(
      'Operation cannot be fulfilled on pods "redis-0": the object has been modified; please apply your changes to the latest version and try again',
    );
    const { resourceVersion } = body["metadata"] as { resourceVersion: string };
    const patch = { metadata: { resourceVersion, labels: { a: "b" } } };
    expect((await ask(lab, `${pods}/redis-0`, { method: "PATCH", body: patch, headers: merge })).code).toBe(409);
  });

  it("keeps status and spec behind their own endpoints", async () => {
    const status = { status: { phase: "Failed" } };
    await ask(lab, `${pods}/redis-0`, { method: "PATCH", body: status, headers: merge });
    expect(lab.store.get({ kind: "Pod", namespace: "cache", name: "redis-0" })?.status?.["phase"]).toBe("Running");
    const both = { status: { phase: "Failed" }, metadata: { labels: { by: "status" } } };
    await ask(lab, `${pods}/redis-0/status`, { method: "PATCH", body: both, headers: merge });
    const stored = lab.store.get({ kind: "Pod", namespace: "cache", name: "redis-0" });
    expect(stored?.status?.["phase"]).toBe("Failed");
    expect(stored?.metadata.labels).not.toHaveProperty("by");
  });

  it("takes the chaos status through the main endpoint, since it has no other", async () => {
    lab.store.create({ ...partition("own-status"), metadata: { name: "own-status", namespace: "cache" } });
    const body = { status: { experiment: { desiredPhase: "Run" } } };
    const answer = await ask(lab, `${chaos}/own-status`, { method: "PATCH", body, headers: merge });
    expect(answer.body["status"]).toEqual({ experiment: { desiredPhase: "Run" } });
    expect((await ask(lab, `${chaos}/own-status/status`)).code).toBe(404);
  });

  it("patches by JSON patch, and refuses a failed test and a strict unknown field with 422", async () => {
    const send = (operations: unknown, query = "") =>
      ask(lab, `${chaos}/own-status${query}`, {
        method: "PATCH",
        body: operations,
        headers: { "content-type": "application/json-patch+json" },
      });
    const added = await send([{ op: "add", path: "/metadata/annotations", value: { "a/b": "1" } }]);
    expect(added.body).toMatchObject({ metadata: { annotations: { "a/b": "1" } } });
    expect((await send([{ op: "remove", path: "/metadata/annotations/a~1b" }])).code).toBe(200);
    expect((await send([{ op: "test", path: "/spec/mode", value: "one" }])).code).toBe(422);
    const strict = await send([{ op: "add", path: "/spec/foo", value: 1 }], "?fieldValidation=Strict");
    expect(strict.code).toBe(422);
    expect(strict.body["message"]).toContain('strict decoding error: unknown field "spec.foo"');
  });

  it("warns of unknown fields by default, and not when told to ignore them", async () => {
    const body = { ...partition("warned"), spec: { ...partition("x").spec, foo: 1 } };
    const warned = await ask(lab, `${chaos}?dryRun=All`, { method: "POST", body });
    expect([warned.code, warned.headers["warning"]]).toEqual([201, '299 - "unknown field \\"spec.foo\\""']);
    const ignored = await ask(lab, `${chaos}?dryRun=All&fieldValidation=Ignore`, { method: "POST", body });
    expect([ignored.code, ignored.headers["warning"]]).toEqual([201, undefined]);
    expect(lab.store.get({ kind: "NetworkChaos", namespace: "cache", name: "warned" })).toBeUndefined();
  });

  it("answers deletes with a Status, or with the object while it stays, and deletes collections", async () => {
    const gone = await ask(lab, `${chaos}/own-status`, { method: "DELETE" });
    expect(gone.body).toMatchObject({
      kind: "Status",
      status: "Success",
      details: { name: "own-status", kind: "networkchaos" },
    });
    lab.store.create({ ...partition("held"), metadata: { name: "held", namespace: "cache", finalizers: ["x/y"] } });
    const held = await ask(lab, `${chaos}/held`, { method: "DELETE" });
    expect(held.body).toMatchObject({ kind: "NetworkChaos", metadata: { deletionGracePeriodSeconds: 0 } });
    const more = await ask(lab, `${chaos}/held`, {
      method: "PATCH",
      body: { metadata: { finalizers: ["x/y", "z/z"] } },
      headers: merge,
    });
    expect(more.body["message"]).toContain('found new finalizers []string{"z/z"}');
    await ask(lab, `${chaos}/held`, { method: "PATCH", body: { metadata: { finalizers: null } }, headers: merge });
    expect(lab.store.get({ kind: "NetworkChaos", namespace: "cache", name: "held" })).toBeUndefined();

    for (const name of ["a", "b"]) {
      lab.store.create({ ...partition(name), metadata: { name, namespace: "cache", labels: { run: "1" } } });
    }
    const all = await ask(lab, `${chaos}?labelSelector=run%3D1`, { method: "DELETE" });
    expect(all.body["items"]).toHaveLength(2);
    expect(lab.store.list("NetworkChaos").map((object) => object.metadata.name)).toEqual(["patched"]);
  });
});

describe("forms", () => {
  it("gives tables, metadata only, yaml, and the aggregated discovery", async () => {
    const table = await ask(lab, pods, { headers: { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" } });
    expect(table.body).toMatchObject({ kind: "Table", rows: [{ object: { kind: "PartialObjectMetadata" } }] });
    const partial = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json";
    const metadata = await ask(lab, pods, { headers: { accept: partial } });
    expect(metadata.body).toMatchObject({
      kind: "PartialObjectMetadataList",
      items: [{ metadata: { name: "redis-0" } }],
    });
    const yaml = await open(lab, `${pods}/redis-0`, { headers: { accept: "application/yaml" } });
    expect(yaml.headers["content-type"]).toBe("application/yaml");
    yaml.destroy();
    const accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
    const groups = await ask(lab, "/apis", { headers: { accept } });
    expect(groups.headers["content-type"]).toBe(accept);
    expect(groups.body["kind"]).toBe("APIGroupDiscoveryList");
    expect((await ask(lab, "/apis")).body["kind"]).toBe("APIGroupList");
    const classic = await ask(lab, "/api/v1");
    expect(classic.body["resources"]).toContainEqual(
      expect.objectContaining({ name: "pods/exec", verbs: ["create", "get"] }),
    );
  });
});
