import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { rightsOfCluster } from "../../src/cli/cluster-rights.ts";
import { judgeRights } from "../../src/cli/doctor/cluster/rights.ts";
import { rbac } from "../../src/cli/rbac.ts";
import { openCluster } from "../../src/cluster/kubernetes.ts";
import type { Cluster } from "../../src/cluster/port.ts";
import { openSurvey } from "../../src/cluster/survey.ts";
import { loadConfigFile } from "../../src/config/load.ts";
import { loadExperiments } from "../../src/experiment/load.ts";
import { judgePatroniGuard } from "../../src/probes/patroni/guards.ts";
import { kubernetesLock } from "../../src/probes/patroni/lock-kubernetes.ts";
import { lockObjectOf } from "../../src/probes/patroni/lock-object.ts";
import { questionsOf } from "../../src/rbac/questions.ts";
import { accounts } from "../../src/rbac/right.ts";
import type { Target } from "../../src/targets/target.ts";
import { startTestLab, type TestLab } from "../lab/api/support/lab.ts";
import { kubectlOk } from "../support/kubectl.ts";
import { accountKubeconfig, clearAccessLog, readAccessLog } from "../support/lab-access.ts";

const configuration = `
slack: { mode: none }
clusters:
  lab:
    namespaces: [database, shop]
    targets:
      - { name: hippo, preset: crunchy-pgo, instance: hippo, namespace: database }
      - { name: orders, preset: zalando, instance: acid-orders, namespace: shop }
      - { name: old, systems: [patroni], namespace: database, parameters: { scope: old } }
defaultCluster: lab
approvals: { approvers: [U0BOB] }
`;

/** Record of a leader as Patroni writes it (patroni v4.1.4, patroni/dcs/kubernetes.py, attempt_to_acquire_leader). */
const record = (leader: string) => [
  `leader=${leader}`,
  "ttl=30",
  "acquireTime=2026-11-25T10:00:00.000000+00:00",
  "renewTime=2026-11-25T10:00:10.000000+00:00",
  "transitions=0",
  "optime=67109184",
];

/** The lab's Kubernetes API and its access control, without pods; real kubectl, and the client that the service uses. */
describe("Patroni's lock in the Kubernetes API, with the printed rights", () => {
  let lab: TestLab;
  let admin: string;
  let targets: readonly Target[];
  const config = () => join(lab.directory, "aftershock.yaml");
  const kubeconfig = (role: string) => join(lab.directory, `${role}.kubeconfig`);
  const clusters = new Map<string, Cluster>();

  beforeAll(async () => {
    lab = await startTestLab();
    admin = lab.server.kubeconfigPath;
    writeFileSync(config(), configuration);
    for (const name of ["database", "shop", "chaos-mesh"]) await kubectlOk(admin, ["create", "namespace", name]);
    for (const [kind, name, namespace] of [
      ["Endpoints", "hippo-ha", "database"],
      ["ConfigMap", "acid-orders-leader", "shop"],
      ["ConfigMap", "acid-orders-config", "shop"],
    ] as const) {
      const object = JSON.stringify({ apiVersion: "v1", kind, metadata: { name } });
      await kubectlOk(admin, ["create", "-n", namespace, "-f", "-"], object);
    }
    await kubectlOk(admin, ["annotate", "endpoints", "hippo-ha", "-n", "database", ...record("hippo-instance1-0")]);
    await kubectlOk(admin, ["annotate", "configmap", "acid-orders-leader", "-n", "shop", ...record("acid-orders-1")]);
    let manifests = "";
    await rbac.run(["--config", config()], { out: (text) => void (manifests += text), err: () => undefined, env: {} });
    await kubectlOk(admin, ["apply", "-f", "-"], manifests);
    for (const role of accounts) {
      await accountKubeconfig(admin, { namespace: "aftershock", name: `aftershock-${role}` }, kubeconfig(role));
      clusters.set(role, openCluster({ name: "lab", kubeconfig: kubeconfig(role) }));
    }
    targets = loadConfigFile(config()).clusters["lab"]?.targets ?? [];
  });
  beforeEach(() => clearAccessLog(admin));
  afterAll(async () => {
    for (const cluster of clusters.values()) await cluster.close();
    await lab?.close();
  });

  /** The lock as a run on the target reads it. */
  const lockOf = (role: string, name: string) => {
    const target = targets.find((one) => one.name === name);
    const object = target === undefined ? null : lockObjectOf(target.parameters);
    const cluster = clusters.get(role);
    if (target === undefined || object === null || cluster === undefined) throw new Error(`no lock of ${name}`);
    const { namespace } = target;
    return kubernetesLock(
      { annotationsOf: (kind, own, timeoutMs) => cluster.annotationsOf({ kind, namespace, name: own }, timeoutMs) },
      object,
    );
  };

  it("is read by the worker in the object that the preset names, and in no other", async () => {
    const hippo = await lockOf("worker", "hippo").read(5000);
    expect(hippo).toEqual({ holder: "hippo-instance1-0", driver: "kubernetes" });
    expect(await lockOf("worker", "orders").read(5000)).toEqual({ holder: "acid-orders-1", driver: "kubernetes" });
    for (const args of [
      ["configmap", "acid-orders-config", "-n", "shop"],
      ["endpoints", "-n", "database"],
      ["configmaps", "-n", "shop"],
    ]) {
      await expect(kubectlOk(kubeconfig("worker"), ["get", ...args]), args.join(" ")).rejects.toThrow(/forbidden/i);
    }
    const log = await readAccessLog(admin, "system:serviceaccount:aftershock:aftershock-worker");
    const asked = log.flatMap(({ attributes, allowed }) =>
      attributes.about === "resource" && ["endpoints", "configmaps"].includes(attributes.resource) && allowed
        ? [attributes]
        : [],
    );
    expect(asked).toMatchObject([
      { verb: "get", resource: "endpoints", namespace: "database", name: "hippo-ha" },
      { verb: "get", resource: "configmaps", namespace: "shop", name: "acid-orders-leader" },
    ]);
  });

  it("is seen to be free when its leader takes its name out, and when the object is gone", async () => {
    const lock = lockOf("worker", "orders");
    const orders = ["configmap", "acid-orders-leader", "-n", "shop"];
    expect((await lock.read(5000)).holder).toBe("acid-orders-1");
    await kubectlOk(admin, ["annotate", ...orders, "leader-"]);
    expect(await lock.read(5000)).toMatchObject({
      holder: null,
      because: "ConfigMap acid-orders-leader names no leader",
    });
    await kubectlOk(admin, ["delete", ...orders]);
    expect(await lock.read(5000)).toMatchObject({ holder: null, because: "there is no ConfigMap acid-orders-leader" });
  });

  it("is not the bot's to read, which plans without it; the guard then says which right is missing, and what mends it", async () => {
    const reading = await lockOf("bot", "hippo").read(5000);
    const judged = judgePatroniGuard(
      "one-primary",
      {
        manager: { name: "patroni", look: "patronictl list" },
        views: [],
        lag: null,
        labelled: "",
        lock: { object: "Endpoints hippo-ha", reading },
      },
      {},
    );
    expect(judged.ok).toBe(false);
    expect(judged.measured).toContain("lacks the right to get endpoints in namespace database");
    expect(judged.hint).toContain("aftershock rbac --config aftershock.yaml --cluster lab | kubectl apply -f -");
  });

  it("is asked for by the doctor, which says so when the right is taken away", async () => {
    await kubectlOk(admin, ["delete", "rolebinding", "aftershock-worker-lock", "-n", "database"]);
    const { clusters: configured } = loadConfigFile(config());
    const needed = questionsOf(rightsOfCluster(await loadExperiments("jobs"), configured["lab"]!), {
      targets: ["database", "shop"],
      latch: "aftershock",
      injector: "chaos-mesh",
    }).filter(({ right }) => right.where === "lock");
    const survey = openSurvey({ name: "lab", kubeconfig: kubeconfig("worker") });
    const answers = new Map<string, boolean>();
    for (const { questions } of needed) {
      for (const question of questions) {
        answers.set(Object.values(question).join("\n"), await survey.mayI(question));
      }
    }
    const lines = judgeRights(needed, answers, { account: null, role: "worker", configFile: "a.yaml", grant: "grant" });
    expect([...answers.values()].filter((allowed) => !allowed)).toHaveLength(1);
    expect(answers.size).toBe(2);
    expect(lines).toMatchObject([
      { text: expect.stringContaining("lacks a right of the worker: get endpoints in database. Reads who holds") },
    ]);
    expect(JSON.stringify(lines)).toContain("kubectl auth can-i get endpoints/hippo-ha -n database");
    await survey.close();
  });
});
