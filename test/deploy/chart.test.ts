import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { parseAllDocuments, stringify } from "yaml";
import { rbac } from "../../src/cli/rbac.ts";
import { parseConfig } from "../../src/config/load.ts";
import { loadExperiments } from "../../src/experiment/load.ts";
import type { Experiment } from "../../src/experiment/schema.ts";
import { chartRights } from "../../src/rbac/chart-rights.ts";
import { chart, helm, render, type Rendered } from "../support/helm.ts";
import { schemaProblems } from "../support/kubernetes-schema.ts";
import { insecurities } from "../support/pod-security.ts";

const project = fileURLToPath(new URL("../..", import.meta.url));
const cases = ["default", "http", "bundled", "namespaced"] as const;
const valuesOf = (name: string): string[] => ["--values", join(chart, `ci/${name}-values.yaml`)];
const ofKind = (objects: readonly Rendered[], ...kinds: string[]) => objects.filter(({ kind }) => kinds.includes(kind));
const named = ({ kind, metadata }: Rendered) => `${kind} ${metadata.namespace ?? ""}/${metadata.name}`;
const environment = {
  SLACK_BOT_TOKEN: "x",
  SLACK_APP_TOKEN: "x",
  SLACK_SIGNING_SECRET: "x",
  DATABASE_URL: "postgres://x",
  REDIS_URL: "redis://x",
};
let catalogue: Experiment[];
beforeAll(async () => {
  catalogue = await loadExperiments(join(project, "jobs"));
});

describe.each(cases)("the chart with %s values", (name) => {
  let objects: Rendered[];
  beforeAll(() => {
    objects = render(...valuesOf(name));
  });
  it("passes helm lint", () => {
    expect(helm("lint", chart, "--strict", ...valuesOf(name))).toMatchObject({ exitCode: 0 });
  });
  it("holds only fields that Kubernetes knows", () => {
    const own = objects.filter(({ apiVersion }) => apiVersion !== "monitoring.coreos.com/v1");
    expect(own.length).toBeGreaterThan(12);
    expect(own.flatMap(schemaProblems)).toEqual([]);
  });
  it("lets no pod run as root, write its root file system, or keep a capability", () => {
    const workloads = ofKind(objects, "Deployment", "StatefulSet", "Job");
    expect(workloads).toHaveLength(name === "bundled" ? 5 : 3);
    expect(workloads.flatMap(insecurities)).toEqual([]);
  });
  it("holds a configuration that the service takes, and no secret", () => {
    const text = ofKind(objects, "ConfigMap")[0]?.data?.["aftershock.yaml"] ?? "";
    const { config } = parseConfig(text, "aftershock.yaml", environment);
    expect(config.slack.mode).toBe(name === "http" ? "http" : "socket");
    expect(config.clusters["here"]?.namespaces).toEqual(name === "namespaced" ? ["cache", "database"] : undefined);
    expect(JSON.stringify(objects)).not.toMatch(/xox[bp]-|xapp-|"postgres(ql)?:\/\/|"rediss?:\/\//);
    expect(ofKind(objects, "Secret")).toEqual([]);
  });
});

describe("the chart", () => {
  it("says what is missing, instead of installing what cannot start", () => {
    expect(helm("template", chart, "--kube-version", "1.32").out).toContain("config.approvals.approvers={U0123ABCD}");
    expect(() => render(...valuesOf("default"), "--set", "worker.replica=3")).toThrow(/replica/);
  });
  it("starts the pods anew when the configuration has changed", () => {
    const sums = (...more: string[]) =>
      ofKind(render(...valuesOf("default"), ...more), "Deployment").map(
        ({ spec }) => (spec as { template: Rendered }).template.metadata.annotations?.["checksum/config"],
      );
    expect(sums()).toEqual(sums());
    expect(sums("--set", "config.logLevel=debug")[0]).not.toBe(sums()[0]);
  });
  it("migrates before bot and worker start; with its own PostgreSQL as soon as that is there", () => {
    const hook = (name: string) => ofKind(render(...valuesOf(name)), "Job")[0]?.metadata.annotations?.["helm.sh/hook"];
    expect(hook("default")).toBe("pre-install,pre-upgrade");
    expect(hook("bundled")).toBe("post-install,pre-upgrade");
  });
  it("gives its own Redis what a queue needs", () => {
    const redis = ofKind(render(...valuesOf("bundled")), "StatefulSet").find(({ metadata }) =>
      metadata.name.endsWith("redis"),
    );
    expect(JSON.stringify(redis)).toContain('"--maxmemory-policy","noeviction","--appendonly","yes"');
  });
});

describe("the schemas of Kubernetes", () => {
  it("find a misspelt field, a value of another type, and a kind that there is not", () => {
    const [first] = ofKind(render(...valuesOf("default")), "Deployment");
    const text = stringify(first);
    const with_ = (from: string, to: string) => schemaProblems(parseAllDocuments(text.replace(from, to))[0]?.toJS());
    expect(with_("readOnlyRootFilesystem:", "readOnlyRootFileSystem:")).toEqual([
      "Deployment.spec.template.spec.containers[0].securityContext.readOnlyRootFileSystem: no such field",
    ]);
    expect(with_("replicas: 1", 'replicas: "1"')).toEqual(["Deployment.spec.replicas: must be number, is string"]);
    expect(with_("kind: Deployment", "kind: Deploiment")).toEqual(["apps/v1 Deploiment: no schema"]);
  });
});

describe("the rights in the chart", () => {
  const printed = async (...args: string[]): Promise<Rendered[]> => {
    let text = "";
    await rbac.run(args, { out: (more) => void (text += more), err: () => undefined, env: {} });
    return parseAllDocuments(text).map((document) => document.toJS() as Rendered);
  };
  /** Roles and bindings by name, without labels. */
  const roles = (objects: readonly Rendered[]) =>
    ofKind(objects, "Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding")
      .map((object) => [named(object), object.rules ?? object.subjects] as const)
      .toSorted(([a], [b]) => (a < b ? -1 : 1));

  it("are those of the code and the catalogue (npm run rights)", () => {
    expect(readFileSync(join(chart, "files/rights.yaml"), "utf8")).toBe(chartRights(catalogue));
  });
  it.each([
    ["everything everywhere", [], []],
    [
      "two experiments in two namespaces",
      ["--namespace", "cache", "--namespace", "database", "--experiment", "redis-split-brain"].concat(
        "--experiment",
        "statefulset-reschedule",
      ),
      valuesOf("namespaced"),
    ],
    [
      "one experiment everywhere",
      ["--experiment", "etcd-quorum-loss"],
      ["--set", "experiments.enabled={etcd-quorum-loss}"],
    ],
  ])("give the same roles as aftershock rbac: %s", async (_what, args, values) => {
    expect(roles(render(...valuesOf("default"), ...values))).toEqual(roles(await printed(...args)));
  });
});

describe("the Secrets and the lock of targets", () => {
  it("are in the same roles as aftershock rbac prints", async () => {
    const directory = mkdtempSync(join(tmpdir(), "aftershock-chart-"));
    const said = async (...args: string[]): Promise<string> => {
      let text = "";
      await rbac.run(args, { out: (more) => void (text += more), err: () => undefined, env: {} });
      return text;
    };
    try {
      const example = readFileSync(join(project, "deploy/aftershock.example.yaml"), "utf8");
      const targets = [
        "{ name: orders, preset: bitnami-redis, instance: orders, namespace: cache }",
        "{ name: carts, preset: crunchy-pgo, instance: carts, namespace: database }",
      ];
      const config = join(directory, "aftershock.yaml");
      const values = join(directory, "rights.yaml");
      writeFileSync(
        config,
        example.replace("    # namespaces:", `    targets: [${targets.join(", ")}]\n    # namespaces:`),
      );
      writeFileSync(values, await said("--config", config, "--format", "helm-values"));
      const roles = (objects: readonly Rendered[]) =>
        ofKind(objects, "Role")
          .filter(({ metadata }) => /-(secrets|lock)$/.test(metadata.name))
          .map((object) => [named(object), object.rules] as const)
          .toSorted(([a], [b]) => (a < b ? -1 : 1));
      const rendered = roles(render(...valuesOf("default"), "--values", values));
      expect(rendered).toHaveLength(5);
      expect(rendered.filter(([name]) => name.includes("-lock"))).toMatchObject([
        [
          expect.stringContaining("worker"),
          [{ resources: ["endpoints"], resourceNames: ["carts-ha"], verbs: ["get"] }],
        ],
      ]);
      const printed = parseAllDocuments(await said("--config", config)).map((document) => document.toJS() as Rendered);
      expect(rendered).toEqual(roles(printed));
      // A Secret without its name would be all of them.
      for (const what of ["secrets", "locks"]) {
        const wide = ["--set", `rbac.${what}[0].rule.resourceNames=null`];
        expect(() => render(...valuesOf("default"), "--values", values, ...wide), what).toThrow(/resourceNames/);
      }
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

describe("the plain manifests", () => {
  it("are what the chart makes (sh deploy/write-kubernetes-yaml.sh > deploy/kubernetes.yaml)", () => {
    const made = execFileSync("sh", ["deploy/write-kubernetes-yaml.sh"], { cwd: project, encoding: "utf8" });
    expect(readFileSync(join(project, "deploy/kubernetes.yaml"), "utf8")).toBe(made);
  });
});
