import { join } from "node:path";
import { isPodReady } from "../controllers/stateful-set.ts";
import type { NewObject, ObjectStore, PodRuntime } from "../objects.ts";
import { record } from "../runtime/pod-spec.ts";
import { dataPath, instanceScript, secretsPath } from "./cnpg-instance.ts";
import { startCnpgOperator, type CnpgOperator } from "./cnpg-operator.ts";
import { cnpgSecretObjects, createCnpgSecrets, writeCnpgFiles } from "./cnpg-secrets.ts";
import type { LabSystem } from "./on-demand.ts";
import { postgresPrograms } from "./postgres-programs.ts";
import { headlessService, statefulSet } from "./workload.ts";

const namespace = "cnpg";
const cluster = "orders";
const members = 3;

/** A LabSystem with somebody who must be stopped. */
export interface CnpgSystem extends LabSystem {
  stop(): void;
}

/**
 * A PostgreSQL as CloudNativePG has it: the cluster `orders` in namespace `cnpg`, three instances with the operator's
 * labels, its services, and its Secrets with logins and certificates. Operator and instance manager are small ones of
 * the lab's own, which do what theirs do when a primary is lost, and no more (cnpg-operator.ts, cnpg-instance.ts). The
 * operator makes bare pods, `orders-1` and on; here a StatefulSet does, from `orders-0` on.
 */
export async function cnpgSystem(
  store: ObjectStore,
  runtime: Pick<PodRuntime, "exec">,
  options: { stateDirectory: string; log: (message: string) => void },
): Promise<CnpgSystem> {
  const secrets = await createCnpgSecrets(cluster, namespace, Date.now());
  let operator: CnpgOperator | undefined;
  return {
    namespace,
    start: () => {
      const folder = join(options.stateDirectory, "cnpg-secrets");
      writeCnpgFiles(secrets, folder);
      for (const object of cnpgSecretObjects(secrets, cluster, namespace)) store.create(object);
      for (const [suffix, role] of [
        ["rw", { "cnpg.io/instanceRole": "primary" }],
        ["ro", { "cnpg.io/instanceRole": "replica" }],
        ["r", { "cnpg.io/podRole": "instance" }],
      ] as const) {
        store.create(service(`${cluster}-${suffix}`, { "cnpg.io/cluster": cluster, ...role }));
      }
      store.create(instances(folder));
      const password = secrets.superuserPassword;
      const of = { store, runtime, namespace, cluster, firstPrimary: `${cluster}-0`, password, log: options.log };
      operator = startCnpgOperator(of);
    },
    formed: async () => {
      const pods = store.list("Pod", namespace);
      const labelled = pods.filter(({ metadata }) => metadata.labels?.["cnpg.io/instanceRole"] !== undefined);
      return labelled.length === members && pods.every(isPodReady) && operator?.formed() === true;
    },
    stop: () => operator?.stop(),
  };
}

function service(name: string, selector: Readonly<Record<string, string>>): NewObject {
  const made = headlessService(namespace, name, cluster, 5432);
  return { ...made, spec: { ...record(made["spec"]), selector } };
}

function instances(folder: string): NewObject {
  const programs = postgresPrograms() ?? "/usr/lib/postgresql";
  const set = statefulSet({
    namespace,
    replicas: members,
    name: cluster,
    container: "postgres",
    image: "postgresql",
    port: 5432,
    script: instanceScript,
    dataPath,
    // As the operator sets them (cloudnative-pg v1.30.0, CreatePodEnvConfig in pkg/specs/pods.go).
    env: [
      { name: "PGDATA", value: `${dataPath}/pgdata` },
      { name: "PGHOST", value: "/controller/run" },
      { name: "PGPORT", value: "5432" },
      { name: "NAMESPACE", value: namespace },
      { name: "CLUSTER_NAME", value: cluster },
      { name: "PATH", value: `${programs}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin` },
      { name: "LC_ALL", value: "C.UTF-8" },
    ],
    // As the operator's readiness probe asks by default (its documentation, instance_manager.md).
    readiness: { exec: { command: [`${programs}/pg_isready`, "-q", "-h", "/controller/run", "-U", "postgres"] } },
    // Well longer than the operator waits, also on a busy machine: one that is back sooner goes on as the primary.
    restartDelayMs: 12_000,
    hostFolders: [{ name: "secrets", path: folder, mountPath: secretsPath }],
  });
  const labels = {
    app: cluster,
    "cnpg.io/cluster": cluster,
    "cnpg.io/podRole": "instance",
    "app.kubernetes.io/name": "postgresql",
    "app.kubernetes.io/instance": cluster,
    "app.kubernetes.io/component": "database",
    "app.kubernetes.io/managed-by": "cloudnative-pg",
  };
  const spec = record(set["spec"]);
  const template = record(spec["template"]);
  const metadata = { ...record(template["metadata"]), labels };
  return { ...set, spec: { ...spec, template: { ...template, metadata } } };
}
