import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rbac } from "../../src/cli/rbac.ts";
import { openCluster } from "../../src/cluster/kubernetes.ts";
import type { Cluster } from "../../src/cluster/port.ts";
import { composeTargets } from "../../src/compose/targets.ts";
import { loadConfigFile } from "../../src/config/load.ts";
import { accounts } from "../../src/rbac/right.ts";
import { createHiding } from "../../src/redact.ts";
import type { Target } from "../../src/targets/target.ts";
import { startTestLab, type TestLab } from "../lab/api/support/lab.ts";
import { kubectlOk } from "../support/kubectl.ts";
import { accountKubeconfig, clearAccessLog, readAccessLog } from "../support/lab-access.ts";

const configuration = `
slack: { mode: none }
clusters:
  lab:
    namespaces: [cache, shop]
    targets:
      - { name: orders, preset: bitnami-redis, instance: orders, namespace: cache }
defaultCluster: lab
approvals: { approvers: [U0BOB] }
`;
const pod = { name: "orders-redis-node-0", namespace: "cache", uid: "1", host: "10.0.0.5", labels: {}, ready: true };

/** The lab's Kubernetes API and its access control, without pods; real kubectl, and the client that the service uses. */
describe("the Secrets of a target, with the printed rights", () => {
  let lab: TestLab;
  let admin: string;
  const config = () => join(lab.directory, "aftershock.yaml");
  const clusters = new Map<string, Cluster>();

  beforeAll(async () => {
    lab = await startTestLab();
    admin = lab.server.kubeconfigPath;
    writeFileSync(config(), configuration);
    await kubectlOk(admin, ["create", "namespace", "shop"]);
    await kubectlOk(admin, ["create", "namespace", "chaos-mesh"]);
    for (const [name, namespace] of [
      ["orders-redis", "cache"],
      ["payments-redis", "cache"],
      ["orders-redis", "shop"],
    ] as const) {
      const value = `--from-literal=redis-password=of-${name}-in-${namespace}`;
      await kubectlOk(admin, ["create", "secret", "generic", name, "-n", namespace, value]);
    }
    let manifests = "";
    await rbac.run(["--config", config()], { out: (text) => void (manifests += text), err: () => undefined, env: {} });
    await kubectlOk(admin, ["apply", "-f", "-"], manifests);
    for (const role of accounts) {
      const account = { namespace: "aftershock", name: `aftershock-${role}` };
      const kubeconfig = await accountKubeconfig(admin, account, join(lab.directory, `${role}.kubeconfig`));
      clusters.set(role, openCluster({ name: "lab", kubeconfig }));
    }
    await clearAccessLog(admin);
  });
  afterAll(async () => {
    for (const cluster of clusters.values()) await cluster.close();
    await lab?.close();
  });

  const opened = (role: string) => {
    const loaded = loadConfigFile(config());
    const hiding = createHiding();
    const { targets, access } = composeTargets(loaded, {}, hiding);
    const cluster = clusters.get(role);
    const [target] = targets("lab");
    if (cluster === undefined || target === undefined) throw new Error("nothing to open");
    const open = (own: Target) =>
      access(cluster, own, { signal: new AbortController().signal, log: () => undefined }).access;
    return { cluster, target, hiding, open };
  };

  it.each(accounts)("are read by the %s, which then hides them", async (role) => {
    const { target, open, hiding } = opened(role);
    const dial = await open(target).dial("redis", pod, 6379);
    expect(dial).toMatchObject({ port: 6379, password: "of-orders-redis-in-cache" });
    expect(hiding.hide(`AUTH ${dial.password}`)).toBe("AUTH …");
  });

  it.each(accounts)("are all that the %s can read", async (role) => {
    const { cluster } = opened(role);
    for (const [namespace, name] of [
      ["cache", "payments-redis"],
      ["shop", "orders-redis"],
      ["aftershock", "orders-redis"],
    ] as const) {
      await expect(cluster.getSecret(namespace, name)).rejects.toMatchObject({
        code: "cluster_refused",
        message: expect.stringContaining(`lacks the right to get secrets in namespace ${namespace}`),
        hint: expect.stringContaining("aftershock rbac --config aftershock.yaml --cluster lab | kubectl apply -f -"),
      });
    }
    const listed = kubectlOk(join(lab.directory, `${role}.kubeconfig`), ["get", "secrets", "-n", "cache"]);
    await expect(listed).rejects.toThrow(/cannot list resource "secrets"/);
    const log = await readAccessLog(admin, `system:serviceaccount:aftershock:aftershock-${role}`);
    const asked = log.flatMap(({ attributes, allowed }) =>
      attributes.about === "resource" && attributes.resource === "secrets" && allowed ? [attributes] : [],
    );
    expect(asked).toMatchObject([{ verb: "get", namespace: "cache", name: "orders-redis" }]);
  });

  it("that are not there, or have no such key, are said to be missing by their names", async () => {
    const { target, open } = opened("worker");
    const naming = (secret: string, key: string): Target => ({
      ...target,
      access: { redis: { password: { secret, key } } },
    });
    await expect(open(naming("orders-redis", "password")).dial("redis", pod, 6379)).rejects.toMatchObject({
      code: "secret_unreadable",
      message: expect.stringContaining("the Secret orders-redis in cache has no key password"),
    });
    await kubectlOk(admin, ["delete", "secret", "orders-redis", "-n", "cache"]);
    await expect(open(target).dial("redis", pod, 6379)).rejects.toMatchObject({
      message: expect.stringContaining("there is no Secret orders-redis in cache"),
      // As its preset knows.
      hint: "The chart makes none with auth.enabled=false: then write login: none in the target. Look: kubectl get secrets -n cache",
    });
  });
});
