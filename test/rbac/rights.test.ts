import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { faultKinds, type Experiment } from "../../src/experiment/schema.ts";
import { loadExperiments } from "../../src/experiment/load.ts";
import { rolesFor, type Grounds } from "../../src/rbac/manifests.ts";
import { printHelmValues, printManifests } from "../../src/rbac/print.ts";
import { rightsOfTargets } from "../../src/rbac/of-targets.ts";
import type { Right } from "../../src/rbac/right.ts";
import { allRights, rightsFor, rightsInside, rightsOf } from "../../src/rbac/rights.ts";
import type { Target } from "../../src/targets/target.ts";

const grounds: Grounds = {
  release: "aftershock",
  targets: ["cache", "database"],
  latch: "aftershock",
  injector: "chaos-mesh",
  names: { bot: "aftershock-bot", worker: "aftershock-worker" },
};
/** `verb group/resource where`, each right told apart. */
const flat = (rights: readonly Right[]): string[] =>
  rights.flatMap(({ account, apiGroup, resources, verbs, where }) =>
    resources.flatMap((resource) => verbs.map((verb) => `${account} ${verb} ${apiGroup}/${resource} ${where}`)),
  );
let catalogue: Experiment[];
let rights: Right[];
const only = (...names: string[]): string[] => flat(rightsFor(rights, names));

beforeAll(async () => {
  catalogue = await loadExperiments(fileURLToPath(new URL("../../jobs", import.meta.url)));
  rights = rightsOf(catalogue);
});

describe("the rights of a catalogue", () => {
  it("are named one by one: no wildcard, an id of its own, a sentence why", () => {
    expect(JSON.stringify(rights)).not.toContain('"*"');
    expect(new Set(rights.map(({ id }) => id)).size).toBe(rights.length);
    for (const { why, verbs, onlyThen } of rights) {
      expect(why).toMatch(/^[A-Z].{20,}\.$/);
      expect(verbs).toEqual(expect.arrayContaining([...(onlyThen?.verbs ?? [])]));
    }
  });

  it("know every kind of fault that there is, and every right is needed by this catalogue", () => {
    const known = new Set(allRights.flatMap(({ kinds = [] }) => kinds));
    expect(faultKinds.filter((kind) => !known.has(kind))).toEqual([]);
    expect(rights.map(({ id }) => id)).toEqual(allRights.map(({ id }) => id));
  });

  it("are no more than what the enabled experiments need", () => {
    const split = only("redis-split-brain");
    expect(split).toContain("worker create chaos-mesh.org/networkchaos targets");
    expect(split.filter((right) => /nodes|persistent|attachments|iochaos|apps|policy/.test(right))).toEqual([
      "worker list chaos-mesh.org/iochaos targets",
    ]);
    expect(split.filter((right) => right.endsWith("cluster"))).toEqual([]);
    const moved = only("statefulset-reschedule");
    expect(moved).toContain("worker patch /nodes cluster");
    expect(moved).toContain("worker list storage.k8s.io/volumeattachments cluster");
    expect(moved.filter((right) => /create chaos-mesh/.test(right))).toEqual([]);
  });

  it("let the bot change nothing but the halt's ConfigMap", () => {
    const changing = flat(rights).filter((right) => /^bot (create|delete|patch)/.test(right));
    expect(changing.toSorted()).toEqual([
      "bot create /configmaps latch",
      // RabbitMQ's own programs are asked who leads.
      "bot create /pods/exec targets",
      // From outside of the cluster, which is how it reaches pods then.
      "bot create /pods/portforward targets",
      "bot delete /configmaps latch",
    ]);
    const inside = flat(rightsInside(rightsFor(rights, ["redis-split-brain", "patroni-failover"])));
    expect(inside.filter((right) => right.startsWith("bot create"))).toEqual(["bot create /configmaps latch"]);
    expect(inside.filter((right) => right.includes("portforward"))).toEqual([]);
  });
});

describe("the rights of targets", () => {
  const secret = (name: string) => ({ redis: { password: { secret: name, key: "redis-password" } } });
  const target = (name: string, namespace: string, access: Target["access"]) => ({
    name,
    namespace,
    systems: ["redis-sentinel"],
    access,
  });
  it("are get on the Secrets that they name, in their own namespace, for whoever opens them", () => {
    const own = rightsOfTargets([target("orders", "shop", secret("orders")), target("open", "shop", {})], catalogue);
    expect(own.map(({ account, verbs, resources }) => [account, verbs, resources])).toEqual(
      ["bot", "worker"].map((account) => [account, ["get"], ["secrets"]]),
    );
    for (const { resourceNames, namespace, experiments } of own) {
      expect({ resourceNames, namespace, experiments }).toEqual({
        resourceNames: ["orders"],
        namespace: "shop",
        experiments: ["redis-failover", "redis-split-brain"],
      });
    }
    expect(rightsFor(own, ["etcd-quorum-loss"])).toEqual([]);
  });
  it("are a Role of that namespace, also where all else counts everywhere", () => {
    const targets = [target("orders", "shop", secret("orders")), target("carts", "web", secret("carts"))];
    const roles = rolesFor(rightsOfTargets(targets, catalogue), { ...grounds, targets: null });
    expect(roles.map(({ kind, name, namespace }) => `${kind} ${name} ${namespace}`)).toEqual([
      "Role aftershock-bot-secrets shop",
      "Role aftershock-bot-secrets web",
      "Role aftershock-worker-secrets shop",
      "Role aftershock-worker-secrets web",
    ]);
    expect(roles.map(({ rights: own }) => own.map(({ resourceNames }) => resourceNames))).toEqual([
      [["orders"]],
      [["carts"]],
      [["orders"]],
      [["carts"]],
    ]);
  });
});

describe("the right to Patroni's lock", () => {
  const target = (parameters: Target["parameters"], systems = ["patroni"]) => ({
    name: "orders",
    namespace: "shop",
    systems,
    access: {},
    parameters,
  });
  it("is get on one object, for the worker alone, where a target says that it is in the Kubernetes API", () => {
    const own = rightsOfTargets([target({ lock: "endpoints", scope: "acid" })], catalogue);
    expect(own).toMatchObject([
      { account: "worker", where: "lock", namespace: "shop", verbs: ["get"], resourceNames: ["acid"] },
    ]);
    expect(own[0]?.resources).toEqual(["endpoints"]);
    expect(own[0]?.experiments).toContain("patroni-failover");
    expect(rightsOfTargets([target({ lock: "configmap", scope: "acid" })], catalogue)).toMatchObject([
      { resources: ["configmaps"], resourceNames: ["acid-leader"] },
    ]);
  });
  it("is none where the lock is in etcd, or no experiment of the target reads it", () => {
    expect(rightsOfTargets([target({ lock: "etcd" }), target({})], catalogue)).toEqual([]);
    expect(rightsOfTargets([target({ lock: "endpoints" }, ["redis-sentinel"])], catalogue)).toEqual([]);
  });
});

describe("the manifests", () => {
  it("put rights into a Role where one suffices, and into a ClusterRole only what has no namespace", () => {
    const roles = rolesFor(rightsFor(rights, null), grounds);
    const places = roles.map(({ kind, name, namespace }) => `${kind} ${name} ${namespace ?? "everywhere"}`);
    expect(places).toEqual([
      "Role aftershock-bot cache",
      "Role aftershock-bot database",
      "Role aftershock-bot-halt aftershock",
      "Role aftershock-worker cache",
      "Role aftershock-worker database",
      "Role aftershock-worker-injector chaos-mesh",
      "Role aftershock-worker-halt aftershock",
      "ClusterRole aftershock-worker everywhere",
    ]);
    const wide = roles.find(({ kind }) => kind === "ClusterRole")?.rights ?? [];
    expect(wide.every(({ where }) => where === "cluster")).toBe(true);
  });

  it("without namespaces give the same rights everywhere", () => {
    const roles = rolesFor(rightsFor(rights, ["redis-split-brain"]), { ...grounds, targets: null });
    expect(roles.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      "Role aftershock-bot-halt",
      "ClusterRole aftershock-bot",
      "Role aftershock-worker-halt",
      "ClusterRole aftershock-worker",
    ]);
  });

  it("are YAML that kubectl takes, with the reason above each rule", () => {
    const text = printManifests(rightsFor(rights, ["redis-split-brain"]), grounds, "Head");
    const objects = parseAllDocuments(text).map((document) => document.toJS() as { kind: string; rules?: object[] });
    expect(objects.map(({ kind }) => kind).slice(0, 3)).toEqual(["Namespace", "ServiceAccount", "ServiceAccount"]);
    const rules = objects.flatMap(({ rules: own = [] }) => own);
    expect(rules).toContainEqual({ apiGroups: ["chaos-mesh.org"], resources: ["podnetworkchaos"], verbs: ["get"] });
    expect(text.match(/^ +# .*\.$/gm)).toHaveLength(rules.length);
  });

  it("as values of the chart hold every right with the experiments that need it", () => {
    const [document] = parseAllDocuments(
      printHelmValues(rights, { ofTargets: [], namespaces: ["cache"], enabled: null }),
    );
    const values = document?.toJS() as { rbac: { rights: Array<{ id: string; experiments: string[] }> } };
    expect(values).toMatchObject({ targetNamespaces: ["cache"] });
    expect(values.rbac.rights).toHaveLength(rights.length);
    expect(values.rbac.rights.find(({ id }) => id === "worker-cordon")?.experiments).toEqual([
      "statefulset-reschedule",
    ]);
  });
});
