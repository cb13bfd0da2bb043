import { readFileSync } from "node:fs";
import { get } from "node:https";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { queryFlag } from "../../../src/lab/api/query-flag.ts";
import type { LabObject } from "../../../src/lab/objects.ts";
import { serviceAccountMount, serviceVariables, type PodIdentity } from "../../../src/lab/runtime/service-account.ts";
import { patroniAccountObjects } from "../../../src/lab/systems/patroni-kubernetes.ts";
import { startTestLab, type TestLab } from "./support/lab.ts";

/** Asks as a pod: its own token, the authority of its folder, the address of its variables. */
function askAs({ token, ca, host, port }: PodIdentity, path: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const request = get({ host, port, path, ca, headers: { authorization: `Bearer ${token}` } }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (chunk: string) => {
        body += chunk;
        // A watch does not end by itself.
        if (path.includes("watch=") && body.includes("\n")) request.destroy();
      });
      response.on("close", () => resolve({ status: response.statusCode ?? 0, body }));
      response.on("error", () => undefined);
    });
    request.on("error", reject);
  });
}

/** The lab's API as its pods reach it; their processes are in test/e2e/patroni-lock-kubernetes.test.ts. */
describe("a pod that names a service account", () => {
  let lab: TestLab;
  let pod: LabObject;
  const woken: string[] = [];
  const newPod = (name: string, serviceAccountName?: string): LabObject =>
    lab.store.create({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name, namespace: "cache" },
      spec: { containers: [], ...(serviceAccountName === undefined ? {} : { serviceAccountName }) },
    });
  const identityOf = (of: LabObject): PodIdentity => {
    const identity = lab.server.identityOf(of);
    if (identity === null) throw new Error("no identity");
    return identity;
  };

  beforeAll(async () => {
    lab = await startTestLab({
      podHost: "127.0.0.2",
      beforeNamespace: async ({ namespace }) => {
        woken.push(namespace);
        return () => undefined;
      },
    });
    for (const object of patroniAccountObjects("cache")) lab.store.create(object);
    pod = newPod("postgresql-0", "postgresql");
  });
  afterAll(() => lab?.close());

  it("finds its token, the authority and its namespace where programs look, and the address in its variables", () => {
    const identity = identityOf(pod);
    const mount = serviceAccountMount(lab.directory, identity);
    expect(mount).toMatchObject({ target: "/var/run/secrets/kubernetes.io/serviceaccount", readOnly: true });
    const read = (name: string): string => readFileSync(join(mount.source, name), "utf8");
    expect([read("token"), read("ca.crt"), read("namespace")]).toEqual([identity.token, identity.ca, "cache"]);
    expect(serviceVariables(identity)).toEqual({
      KUBERNETES_SERVICE_HOST: "127.0.0.2",
      KUBERNETES_SERVICE_PORT: String(identity.port),
    });
  });

  it("may do what its account may, and no more", async () => {
    expect((await askAs(identityOf(pod), "/api/v1/namespaces/cache/endpoints")).status).toBe(200);
    const refused = await askAs(identityOf(pod), "/api/v1/namespaces/cache/secrets");
    expect(refused.status).toBe(403);
    expect(refused.body).toContain("system:serviceaccount:cache:postgresql");
  });

  it("watches with the flag as Python writes it", async () => {
    const { body } = await askAs(identityOf(pod), "/api/v1/namespaces/cache/pods?watch=True");
    expect(JSON.parse(body.split("\n")[0] ?? "")).toMatchObject({ type: "ADDED", object: { kind: "Pod" } });
    const flags = ["watch=true", "watch=True", "watch=1", "watch=", "watch=0", "watch=False", "other=1"];
    expect(flags.map((text) => queryFlag(new URLSearchParams(text), "watch"))).toEqual([
      true,
      true,
      true,
      true,
      false,
      false,
      false,
    ]);
  });

  it("wakes nobody in its own namespace, and its neighbours elsewhere", async () => {
    woken.length = 0;
    await askAs(identityOf(pod), "/api/v1/namespaces/cache/pods");
    expect(woken).toEqual([]);
    await askAs(identityOf(pod), "/api/v1/namespaces/default/pods");
    // Refused before anybody is woken: the account has no rights there.
    expect(woken).toEqual([]);
    const [role, binding] = patroniAccountObjects("cache").slice(1);
    lab.store.create({ ...role!, metadata: { ...role!.metadata, namespace: "default" } });
    lab.store.create({ ...binding!, metadata: { ...binding!.metadata, namespace: "default" } });
    expect((await askAs(identityOf(pod), "/api/v1/namespaces/default/pods")).status).toBe(200);
    expect(woken).toEqual(["default"]);
  });

  it("loses its token with itself", async () => {
    const identity = identityOf(pod);
    lab.store.remove({ kind: "Pod", namespace: "cache", name: "postgresql-0" });
    newPod("postgresql-0", "postgresql");
    expect((await askAs(identity, "/api/v1/namespaces/cache/pods")).status).toBe(401);
  });

  it("is nobody without an account that there is, and where pods do not reach the API", async () => {
    expect(lab.server.identityOf(newPod("plain"))).toBeNull();
    expect(lab.server.identityOf(newPod("stray", "nobody"))).toBeNull();
    const closed = await startTestLab();
    for (const object of patroniAccountObjects("cache")) closed.store.create(object);
    expect(closed.server.identityOf(pod)).toBeNull();
    await closed.close();
  });
});
