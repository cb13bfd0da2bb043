import type { NewObject, ObjectStore } from "../objects.ts";
import { restartDelayAnnotation } from "../runtime/kubelet.ts";

/** A namespace of the lab's systems; nothing happens if it is there. */
export function ensureNamespace(store: ObjectStore, name: string): void {
  if (store.get({ kind: "Namespace", name }) !== undefined) return;
  store.create({ apiVersion: "v1", kind: "Namespace", metadata: { name }, status: { phase: "Active" } });
}

/** A service without an address of its own, so that its name resolves to the pods with the label `app` (and `more`). */
export function headlessService(
  namespace: string,
  name: string,
  app: string,
  port: number,
  more: Readonly<Record<string, string>> = {},
): NewObject {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace, labels: { app } },
    spec: {
      clusterIP: "None",
      type: "ClusterIP",
      selector: { app, ...more },
      ports: [{ name: app, port, targetPort: port, protocol: "TCP" }],
    },
  };
}

export interface StatefulWorkload {
  namespace: string;
  /** Also the label `app` and the service. */
  name: string;
  replicas: number;
  container: string;
  /** For show: the lab runs programs of this machine. */
  image: string;
  port: number;
  /** Shell script of the container; `$POD_NAME` and `$POD_IP` are set. */
  script: string;
  env: ReadonlyArray<{ name: string; value: string }>;
  /** Where its volume is mounted. */
  dataPath: string;
  /** When it counts as ready; absent: when its port accepts connections. */
  readiness?: Readonly<Record<string, unknown>>;
  /** How long a pod that was killed stays away. */
  restartDelayMs: number;
  /** Whose token its pods get; absent: none. */
  serviceAccount?: string;
  /** Folders of this machine that its container sees, e.g. programs that no package installs. */
  hostFolders?: ReadonlyArray<{ name: string; path: string; mountPath: string }>;
}

/** A StatefulSet of members that start side by side, each with a volume. */
export function statefulSet(workload: StatefulWorkload): NewObject {
  const { name, namespace, port, hostFolders = [] } = workload;
  const field = (variable: string, fieldPath: string) => ({ name: variable, valueFrom: { fieldRef: { fieldPath } } });
  return {
    apiVersion: "apps/v1",
    kind: "StatefulSet",
    metadata: { name, namespace, labels: { app: name } },
    spec: {
      replicas: workload.replicas,
      serviceName: name,
      podManagementPolicy: "Parallel",
      selector: { matchLabels: { app: name } },
      template: {
        metadata: {
          labels: { app: name },
          annotations: { [restartDelayAnnotation]: String(workload.restartDelayMs) },
        },
        spec: {
          terminationGracePeriodSeconds: 10,
          ...(workload.serviceAccount === undefined ? {} : { serviceAccountName: workload.serviceAccount }),
          ...(hostFolders.length === 0
            ? {}
            : { volumes: hostFolders.map((folder) => ({ name: folder.name, hostPath: { path: folder.path } })) }),
          containers: [
            {
              name: workload.container,
              image: workload.image,
              command: ["sh", "-c", workload.script],
              env: [field("POD_IP", "status.podIP"), field("POD_NAME", "metadata.name"), ...workload.env],
              ports: [{ containerPort: port, protocol: "TCP" }],
              volumeMounts: [
                { name: "data", mountPath: workload.dataPath },
                ...hostFolders.map((folder) => ({ name: folder.name, mountPath: folder.mountPath })),
              ],
              readinessProbe: workload.readiness ?? { tcpSocket: { port } },
            },
          ],
        },
      },
      volumeClaimTemplates: [
        {
          metadata: { name: "data" },
          spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
        },
      ],
    },
  };
}
