import { createRequire } from "node:module";
import { dirname, extname } from "node:path";
import { fileURLToPath } from "node:url";
import { deploymentAdmission } from "../api/admission/workloads.ts";
import { isPodReady } from "../controllers/stateful-set.ts";
import type { LabObject, NewObject, ObjectStore } from "../objects.ts";
import type { LabSystem } from "./on-demand.ts";

const namespace = "app";
const name = "api-server";
const port = 8080;
const healthTimeoutMs = 1000;

/** What stands for the image: the program, the packages it uses, and Node.js, all of this machine and read-only. */
const image = {
  program: fileURLToPath(new URL("../application", import.meta.url)),
  packages: dirname(dirname(createRequire(import.meta.url).resolve("pg/package.json"))),
  node: dirname(process.execPath),
};
/** From the sources it is TypeScript, from the build JavaScript; both are ES modules, as Node.js must be told. */
const script = `
echo '{"type":"module"}' > /app/package.json
cd /app
exec /opt/node/bin/node ${extname(import.meta.url) === ".ts" ? "--import tsx bin/main.ts" : "bin/main.js"}
`;

/**
 * The sample application as the training module has it: `deployment/api-server` (app: api-server) in namespace `app`,
 * one pod, port 8080, on the PostgreSQL of namespace `database`, which it finds by the name of the service that follows
 * the label `role: master`.
 */
export function applicationSystem(store: ObjectStore): LabSystem {
  return {
    namespace,
    needs: ["database"],
    start: () => {
      // As the API server fills it in; otherwise the first patch would look like a new template, and roll out.
      const filled: NewObject = structuredClone(deployment);
      deploymentAdmission.setDefaults?.(filled as LabObject);
      store.create(service);
      store.create(filled);
    },
    formed: async () => {
      const pods = store.list("Pod", namespace);
      if (pods.length === 0 || !pods.every(isPodReady)) return false;
      const answers = await Promise.all(pods.map((pod) => isHealthy(String(pod.status?.["podIP"] ?? ""))));
      return answers.every(Boolean);
    },
  };
}

async function isHealthy(host: string): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(healthTimeoutMs);
    // A product is there when the tables are.
    return (await fetch(`http://${host}:${port}/api/products/1`, { signal })).ok;
  } catch {
    return false;
  }
}

const labels = { app: name };

const service: NewObject = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace, labels },
  spec: {
    clusterIP: "None",
    type: "ClusterIP",
    selector: labels,
    ports: [{ name: "http", port, targetPort: port, protocol: "TCP" }],
  },
};

const mounts = [
  ["program", image.program, "/app/bin"],
  ["packages", image.packages, "/app/node_modules"],
  ["node", image.node, "/opt/node/bin"],
] as const;

const deployment: NewObject = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name, namespace, labels },
  spec: {
    replicas: 1,
    selector: { matchLabels: labels },
    strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
    template: {
      metadata: { labels },
      spec: {
        terminationGracePeriodSeconds: 10,
        containers: [
          {
            name,
            image: name,
            command: ["sh", "-c", script],
            env: [
              { name: "POD_NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
              { name: "DB_HOST", value: "postgresql.database.svc.cluster.local" },
              { name: "DB_USER", value: "postgres" },
              { name: "DB_NAME", value: "postgres" },
            ],
            ports: [{ containerPort: port, protocol: "TCP" }],
            readinessProbe: { tcpSocket: { port } },
            volumeMounts: mounts.map(([volume, , mountPath]) => ({ name: volume, mountPath, readOnly: true })),
          },
        ],
        volumes: mounts.map(([volume, path]) => ({ name: volume, hostPath: { path } })),
      },
    },
  },
};
