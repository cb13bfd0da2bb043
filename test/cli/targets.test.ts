import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { targets } from "../../src/cli/targets.ts";
import { clusterTargetsKey } from "../../src/config/targets.ts";
import { redisPod, startTestLab, type TestLab } from "../lab/api/support/lab.ts";
import { operatorObjects } from "../support/operator-objects.ts";
import { typed, type Said } from "../support/typed.ts";

const typedTargets = (...args: string[]): Promise<Said> =>
  typed({ targets: async () => targets }, ["targets", ...args]);

/** The lab's Kubernetes API with the objects that operators make; no operator runs here. */
describe("aftershock targets", () => {
  let lab: TestLab;
  let config: string;
  const there = () => ["-n", "cache", "--kubeconfig", lab.server.kubeconfigPath];
  const recognisable = operatorObjects.filter(({ preset }) => preset !== "etcd-operator");

  beforeAll(async () => {
    lab = await startTestLab();
    const metadata = { name: "empty" };
    lab.store.create({ apiVersion: "v1", kind: "Namespace", metadata, status: { phase: "Active" } });
    let address = 0;
    for (const { pods, secrets } of operatorObjects) {
      for (const [name, labels] of Object.entries(pods)) {
        if (lab.store.get({ kind: "Pod", namespace: "cache", name }) !== undefined) continue;
        lab.store.create(redisPod(name, `10.77.0.${(address += 1)}`, labels));
      }
      for (const [name, keys] of Object.entries(secrets)) {
        const data = Object.fromEntries(keys.map((key) => [key, Buffer.from("s3cret-value-1").toString("base64")]));
        lab.store.create({
          apiVersion: "v1",
          kind: "Secret",
          metadata: { name, namespace: "cache" },
          type: "Opaque",
          data,
        });
      }
    }
    const labels = { "cnpg.io/cluster": "odd.name", "cnpg.io/podRole": "instance" };
    lab.store.create(redisPod("odd.name-1", "10.77.0.200", labels));
    config = join(lab.directory, "aftershock.yaml");
    writeFileSync(
      config,
      `
slack: { mode: none }
clusters:
  lab:
    kubeconfig: ${lab.server.kubeconfigPath}
    targets:
      - { name: orders, preset: zalando, instance: acid-orders, namespace: cache }
      - { name: gone, preset: bitnami-redis, instance: gone, namespace: cache }
      - name: odd
        preset: rabbitmq-cluster-operator
        instance: orders
        namespace: cache
        access: { amqp: { password: { secret: orders-default-user, key: pass } } }
      - name: local
        systems: [etcd]
        namespace: cache
        access:
          etcd:
            user: { variable: ETCD_USER }
            password: { file: /does/not/exist }
            tls: { ca: { secret: orders-default-user, key: password } }
  away:
    kubeconfig: /dev/null
    targets: [{ name: far, preset: etcd-operator, instance: config, namespace: cache }]
defaultCluster: lab
approvals: { approvers: [U0BOB] }
`,
    );
  });
  afterAll(() => lab?.close());

  it("discovers every instance that it recognises, as a configuration that is taken as it stands", async () => {
    const { code, out } = await typedTargets("discover", ...there());
    expect(code).toBe(0);
    const written = parse(out) as { targets: Array<{ preset: string; instance: string }> };
    const parsed = clusterTargetsKey.targets.parse(written.targets);
    for (const { preset, instance } of recognisable) {
      expect(written.targets).toContainEqual(expect.objectContaining({ preset, instance, namespace: "cache" }));
    }
    expect(parsed).toHaveLength(written.targets.length);
    expect(out).toContain("# Secret hippo-cluster-cert, key ca.crt: there");
    expect(out).toContain("# Secret carts-redis, key redis-password: NO SUCH SECRET");
    expect(out).toContain("# The chart makes none with auth.enabled=false: then write login: none in the target.");
    expect(out).toContain("# Certificates for tls are there, too: where it is on, add transport: tls");
    expect(out).toContain(
      "# odd.name in cache (cloudnative-pg) is served by no preset: a preset takes only names that are DNS labels",
    );
    expect(out).not.toContain("s3cret-value-1");
    const zalando = out.slice(out.indexOf("# Zalando"), out.indexOf("preset: zalando"));
    expect(zalando).toContain("patroni-failover");
    expect(zalando).not.toContain("patroni-partition");
  });

  it("tells programs the same", async () => {
    const { out } = await typedTargets("discover", "--json", ...there());
    const told = JSON.parse(out) as { found: Array<{ target: { preset: string } }>; unserved: unknown[] };
    const presets = new Set(told.found.map(({ target }) => target.preset));
    expect([...presets].toSorted()).toEqual(recognisable.map(({ preset }) => preset).toSorted());
    expect(told.unserved).toHaveLength(1);
    expect(out).not.toContain("s3cret-value-1");
  });

  it("says so where there is nothing that it knows", async () => {
    const [, , ...cluster] = there();
    const { code, out } = await typedTargets("discover", "-n", "empty", ...cluster);
    expect(code).toBe(1);
    expect(out).toContain("# Nothing in empty of");
  });

  it("looks at what is configured: pods, Secrets and keys, by name", async () => {
    const { code, out } = await typedTargets("--config", config, "--cluster", "lab");
    expect(code).toBe(1);
    expect(out).toContain("orders on lab, in cache: patroni, postgres-io, postgres-reschedule: all there");
    expect(out).toContain("2 pods: acid-orders-0, acid-orders-1 (application=spilo,cluster-name=acid-orders)");
    expect(out).toContain("gone on lab, in cache: redis-sentinel: NOT ALL THERE");
    expect(out).toMatch(/redis +NO PODS \(app\.kubernetes\.io\/name=redis/);
    expect(out).toContain(
      "Secret gone-redis, key redis-password: NO SUCH SECRET, for redis password, sentinel password",
    );
    expect(out).toContain("Secret orders-default-user, key pass: NO SUCH KEY, for amqp password");
    expect(out).toContain("variable ETCD_USER: NOT HERE: A secret of the target cannot be read: ETCD_USER is not set");
    expect(out).toContain("file /does/not/exist: NOT HERE: ");
    expect(out).toContain("certificates of etcd: CANNOT BE USED: tls.ca holds no PEM certificate");
    expect(out).toContain("Also in cache: acid-other, by zalando.");
    expect(out).not.toContain("Also in cache: acid-orders,");
    expect(out).not.toContain("s3cret-value-1");
  });

  it("lists the targets of a cluster that cannot be asked, as unknown", async () => {
    const { code, out } = await typedTargets("--config", config, "--cluster", "away", "--json");
    expect(code).toBe(1);
    const [away] = (JSON.parse(out) as { clusters: Array<{ targets: object[] }> }).clusters;
    expect(away?.targets).toMatchObject([{ name: "far", parts: [{ part: "etcd", pods: null }] }]);
  });

  it.each([
    [[], "Type: aftershock targets --config aftershock.yaml, or: aftershock targets discover -n NAMESPACE"],
    [["discover"], "Type: aftershock targets discover -n NAMESPACE"],
    [["find"], 'targets takes no "find"'],
  ])("refuses %j with what to type", async (args, hint) => {
    const { code, err } = await typedTargets(...args);
    expect(code).toBe(2);
    expect(err).toContain(hint);
  });
});
