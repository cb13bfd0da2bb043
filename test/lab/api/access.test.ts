import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import * as k8s from "@kubernetes/client-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { kubectl as kubectlWith, kubectlOk } from "../../support/kubectl.ts";
import { accountKubeconfig, clearAccessLog, grantManifest, readAccessLog } from "../../support/lab-access.ts";
import { ask } from "./support/http.ts";
import { redisPod, startTestLab } from "./support/lab.ts";
import type { TestLab } from "./support/lab.ts";

const account = { namespace: "ops", name: "bot" };
const username = "system:serviceaccount:ops:bot";
let lab: TestLab;
let admin: string;
let bot: string;

const asAdmin = (...args: string[]) => kubectlOk(admin, args);
const asBot = (...args: string[]) => kubectlWith(bot, args);
const apply = (text: string) => kubectlOk(admin, ["apply", "-f", "-"], text);

beforeAll(async () => {
  lab = await startTestLab();
  admin = lab.server.kubeconfigPath;
  for (const name of ["redis-0", "redis-1"]) lab.store.create(redisPod(name, "10.77.0.10", { app: "redis" }));
  await asAdmin("create", "namespace", "ops");
  await apply(
    grantManifest(account, "cache", [
      { verbs: ["get", "list"], apiGroups: [""], resources: ["pods"] },
      {
        verbs: ["get", "create"],
        apiGroups: [""],
        resources: ["pods/exec", "pods/portforward"],
        resourceNames: ["redis-0"],
      },
    ]),
  );
  bot = await accountKubeconfig(admin, account, join(lab.directory, "bot.yaml"));
});
afterAll(() => lab.close());

describe("a service account, by kubectl", () => {
  it("may do what its role says, and discover the API", async () => {
    expect((await asBot("get", "pods", "-n", "cache", "-o", "name")).stdout).toBe("pod/redis-0\npod/redis-1\n");
    expect((await asBot("api-resources", "-o", "name")).stdout).toContain("roles.rbac.authorization.k8s.io");
    expect((await asBot("exec", "redis-0", "-n", "cache", "--", "echo", "hello")).stdout).toBe("hello\n");
  });

  it("is refused what its role does not say, in Kubernetes' words", async () => {
    const refused = async (...args: string[]) => {
      const { exitCode, stderr } = await asBot(...args);
      expect(exitCode).toBe(1);
      return stderr;
    };
    expect(await refused("get", "pods", "-n", "ops")).toBe(
      `Error from server (Forbidden): pods is forbidden: User "${username}" cannot list resource "pods" in API group "" in the namespace "ops"\n`,
    );
    expect(await refused("get", "nodes")).toContain(
      'cannot list resource "nodes" in API group "" at the cluster scope',
    );
    expect(await refused("delete", "pod", "redis-0", "-n", "cache")).toContain(
      `pods "redis-0" is forbidden: User "${username}" cannot delete resource "pods" in API group "" in the namespace "cache"`,
    );
    expect(await refused("get", "networkchaos", "-n", "cache")).toContain(
      `networkchaos.chaos-mesh.org is forbidden: User "${username}" cannot list resource "networkchaos" in API group "chaos-mesh.org"`,
    );
    // The subresource is there, but not for this name.
    expect(await refused("exec", "redis-1", "-n", "cache", "--", "true")).toContain('resource "pods/exec"');
    expect(await refused("get", "--raw", "/lab/access-log")).toContain('cannot get path "/lab/access-log"');
  });

  it("is whom an admin may ask as, and may ask as nobody", async () => {
    const [own, asked] = [
      await asBot("auth", "can-i", "--list"),
      await asAdmin("auth", "can-i", "--list", `--as=${username}`),
    ];
    expect(asked).toBe(own.stdout);
    const refused = await kubectlWith(admin, ["get", "nodes", `--as=${username}`]);
    expect(refused.stderr).toContain(`User "${username}" cannot list resource "nodes"`);
    const other = await asBot("get", "pods", "-n", "cache", "--as=eve", "--as-group=system:masters");
    expect(other.stderr).toContain('users "eve" is forbidden');
  });

  it("is told by kubectl port-forward how ports are reached instead", async () => {
    const { exitCode, stderr } = await asBot("port-forward", "pod/redis-0", ":6379", "-n", "cache");
    expect(exitCode).toBe(1);
    expect(stderr).toContain("kubectl port-forward speaks SPDY: connect to the pod's IP instead");
  });

  it("learns what it may", async () => {
    const can = async (...args: string[]) => (await asBot("auth", "can-i", ...args)).stdout;
    expect(await can("list", "pods", "-n", "cache")).toBe("yes\n");
    expect(await can("list", "pods", "-n", "ops")).toMatch(/^no/);
    expect(await can("create", "pods/redis-0", "--subresource=exec", "-n", "cache")).toBe("yes\n");
    expect(await can("create", "pods/redis-1", "--subresource=exec", "-n", "cache")).toMatch(/^no/);
    expect(await can("get", "/version")).toBe("yes\n");
    expect(await can("--list", "-n", "cache")).toMatch(/pods\/exec\s+\[\]\s+\[redis-0\]\s+\[get create\]/);
    expect((await asBot("auth", "whoami")).stdout).toContain(username);
    const review = {
      apiVersion: "authorization.k8s.io/v1",
      kind: "SubjectAccessReview",
      spec: { user: username, resourceAttributes: { namespace: "cache", verb: "get", resource: "pods" } },
    };
    const asked = { method: "POST", body: review };
    expect((await ask(lab, "/apis/authorization.k8s.io/v1/subjectaccessreviews", asked)).body["status"]).toEqual({
      allowed: true,
      reason: 'RBAC: allowed by RoleBinding "bot/cache" of Role "bot" to ServiceAccount "bot/ops"',
    });
  });
});

describe("a service account, by client-node", () => {
  const client = () => {
    const config = new k8s.KubeConfig();
    config.loadFromFile(bot);
    return config;
  };
  it("lists and is forbidden", async () => {
    const core = client().makeApiClient(k8s.CoreV1Api);
    expect((await core.listNamespacedPod({ namespace: "cache" })).items).toHaveLength(2);
    await expect(core.listNode()).rejects.toMatchObject({ code: 403 });
  });

  it("reaches a pod's port both ways, and learns why it does not", async () => {
    const server = createServer((socket) => socket.on("data", (data) => socket.write(`got ${data.toString("utf8")}`)));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const forward = async (pod: string, to: number) => {
      const [output, problems, input] = [new PassThrough(), new PassThrough(), new PassThrough()];
      const socket = await new k8s.PortForward(client()).portForward("cache", pod, [to], output, problems, input);
      return { output, problems, input, socket };
    };
    const { output, input, socket } = await forward("redis-0", port);
    input.write("word");
    expect(String((await once(output, "data"))[0])).toBe("got word");
    (socket as { close(): void }).close();
    server.close();
    await once(server, "close");
    const dead = await forward("redis-0", port);
    const uid = lab.store.get({ kind: "Pod", namespace: "cache", name: "redis-0" })?.metadata.uid;
    let told = "";
    while (!told.includes("refused")) told += String((await once(dead.problems, "data"))[0]);
    expect(told).toBe(
      `error forwarding port ${port} to pod redis-0, uid ${uid}: dial tcp4 127.0.0.1:${port}: connect: connection refused`,
    );
    await expect(forward("redis-1", port)).rejects.toMatchObject({ message: expect.stringContaining("403") as string });
  });
});

describe("accounts", () => {
  it("have their requests in the log, with what allowed them", async () => {
    await clearAccessLog(admin);
    await asBot("get", "pods", "-n", "cache");
    await asBot("get", "pods", "-n", "ops");
    const entries = await readAccessLog(admin, username);
    const lists = entries.filter(({ attributes: { verb } }) => verb === "list");
    expect(lists.map(({ allowed, allowedBy }) => [allowed, allowedBy])).toEqual([
      [true, 'RoleBinding "bot/cache" of Role "bot" to ServiceAccount "bot/ops"'],
      [false, null],
    ]);
    expect(lab.server.accessLog.entries().map(({ user }) => user)).toContain("lab");
  });

  it("lose what a binding gave when it is deleted, and their tokens when they are", async () => {
    expect((await asBot("get", "pods", "-n", "cache")).exitCode).toBe(0);
    await asAdmin("delete", "rolebinding", "bot", "-n", "cache");
    expect((await asBot("get", "pods", "-n", "cache")).stderr).toContain("Forbidden");
    await asAdmin("delete", "serviceaccount", "bot", "-n", "ops");
    expect((await asBot("get", "pods", "-n", "cache")).stderr).toContain("Unauthorized");
    expect((await ask(lab, "/api/v1/pods", { token: "e30.e30.forged" })).code).toBe(401);
  });

  it("refuses a role that says nothing, a changed roleRef, and too short a token", async () => {
    const clusterRole = { apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRole", metadata: { name: "x" } };
    const made = await kubectlWith(
      admin,
      ["create", "-f", "-"],
      JSON.stringify({ ...clusterRole, rules: [{ verbs: [] }] }),
    );
    expect(made.stderr).toContain("rules[0].verbs: Required value");
    await asAdmin("create", "clusterrolebinding", "a:b", "--clusterrole=x", "--user=eve");
    const patch = JSON.stringify({ roleRef: { name: "y" } });
    const changed = await kubectlWith(admin, ["patch", "clusterrolebinding", "a:b", "--type=merge", "-p", patch]);
    expect(changed.stderr).toContain("cannot change roleRef");
    await asAdmin("create", "serviceaccount", "brief", "-n", "ops");
    const short = await kubectlWith(admin, ["create", "token", "brief", "-n", "ops", "--duration=60s"]);
    expect(short.stderr).toContain("may not specify a duration less than 10 minutes");
  });
});
