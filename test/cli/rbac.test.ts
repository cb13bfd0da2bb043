import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { rbac } from "../../src/cli/rbac.ts";
import { typed, type Said } from "../support/typed.ts";

const directory = mkdtempSync(join(tmpdir(), "aftershock-rbac-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const typedRbac = (...args: string[]): Promise<Said> => typed({ rbac: async () => rbac }, ["rbac", ...args]);

describe("aftershock rbac", () => {
  const config = join(directory, "aftershock.yaml");
  const example = readFileSync(new URL("../../deploy/aftershock.example.yaml", import.meta.url), "utf8");
  writeFileSync(
    config,
    example
      .replace("# namespaces:", "namespaces:")
      .replace("# experiments:", "experiments:")
      .replace("#   enabled:", "  enabled:"),
  );

  it("reads experiments and namespaces from the configuration, without any secret", async () => {
    const { code, out } = await typedRbac("--config", config);
    expect(code).toBe(0);
    expect(out).toContain("# Experiments: redis-split-brain, patroni-failover\n# Namespaces: cache, database\n");
    const kinds = parseAllDocuments(out).map((document) => (document.toJS() as { kind: string }).kind);
    expect(kinds.filter((kind) => kind === "Role")).toHaveLength(7);
    expect(kinds).not.toContain("ClusterRole");
  });

  it("names each Secret that a target's preset names, and no other", async () => {
    const withTarget = join(directory, "targets.yaml");
    const target =
      "targets: [{ name: orders, preset: bitnami-redis, instance: orders, namespace: cache, transport: tls }]";
    writeFileSync(withTarget, example.replace("    # namespaces:", `    ${target}\n    # namespaces:`));
    const { code, out } = await typedRbac("--config", withTarget);
    expect(code).toBe(0);
    const rules = parseAllDocuments(out).flatMap((document) => {
      const { metadata, rules: own = [] } = document.toJS() as {
        metadata: { namespace?: string };
        rules?: Array<{ resources: string[]; resourceNames?: string[]; verbs: string[] }>;
      };
      return own.filter(({ resources }) => resources.includes("secrets")).map((rule) => [metadata.namespace, rule]);
    });
    const rule = { apiGroups: [""], resources: ["secrets"], verbs: ["get"] };
    const own = ["cache", { ...rule, resourceNames: ["orders-redis", "orders-redis-crt"] }];
    expect(rules).toEqual([own, own]);
  });

  it("takes others by its options, and gives everything everywhere without any", async () => {
    const { out } = await typedRbac("--config", config, "--namespace", "db", "--experiment", "etcd-quorum-loss");
    expect(out).toContain("# Experiments: etcd-quorum-loss\n# Namespaces: db\n");
    expect((await typedRbac()).out).toContain("# Experiments: the whole catalogue\n# Namespaces: every one\n");
  });

  it("gives the way through the API server to accounts outside of the cluster only", async () => {
    const forwards = async (...args: string[]) => (await typedRbac(...args)).out.includes("pods/portforward");
    expect(await forwards()).toBe(false);
    expect(await forwards("--reach", "port-forward")).toBe(true);
    // The example's cluster has a kubeconfig.
    expect(await forwards("--config", config)).toBe(true);
    expect(await forwards("--config", config, "--reach", "direct")).toBe(false);
    expect(await forwards("--config", config, "--reach", "direct", "--format", "helm-values")).toBe(false);
  });

  it.each([
    [["--reach", "vpn"], /There is no way "vpn".*\nWays: direct, port-forward/],
    [["--experiment", "redis-splitbrain"], /--experiment: there is no experiment.*\nDid you mean redis-split-brain\?/],
    [["--config", config, "--cluster", "prod"], /There is no cluster "prod".*\nKnown clusters: staging/],
    [["--format", "json"], /There is no format "json".*\nFormats: yaml, helm-values/],
    [["--namespaces", "x"], /Unknown option '--namespaces'/],
  ])("refuses %s with what there is", async (args, message) => {
    const { code, err, out } = await typedRbac(...args);
    expect(code).toBe(2);
    expect(err).toMatch(message);
    expect(out).toBe("");
  });
});
