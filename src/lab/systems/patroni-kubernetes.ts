import type { NewObject } from "../objects.ts";
import type { PatroniDcs } from "./patroni-dcs.ts";

/** Whether Patroni keeps its state in the lab's own API, and labels its pods itself. */
export function isInKubernetes(dcs: PatroniDcs): dcs is "endpoints" | "configmap" {
  return dcs === "endpoints" || dcs === "configmap";
}

/** The service account of Patroni's pods. */
export const patroniAccount = "postgresql";

const api = "rbac.authorization.k8s.io";
const own = (...verbs: string[]): string[] => ["get", "list", "patch", "update", "watch", ...verbs];

/** The account, with the rights that Patroni's own example gives (patroni v3.0.2, kubernetes/patroni_k8s.yaml). */
export function patroniAccountObjects(namespace: string): NewObject[] {
  const metadata = { name: patroniAccount, namespace };
  const rule = (resource: string, verbs: string[]) => ({ apiGroups: [""], resources: [resource], verbs });
  return [
    { apiVersion: "v1", kind: "ServiceAccount", metadata },
    {
      apiVersion: `${api}/v1`,
      kind: "Role",
      metadata,
      rules: [
        rule("configmaps", own("create", "delete", "deletecollection")),
        rule("endpoints", own("create", "delete", "deletecollection")),
        rule("pods", own()),
        // The service SCOPE-config, which keeps the Endpoints of that name from being cleaned up.
        rule("services", ["create"]),
      ],
    },
    {
      apiVersion: `${api}/v1`,
      kind: "RoleBinding",
      metadata,
      roleRef: { apiGroup: api, kind: "Role", name: patroniAccount },
      subjects: [{ kind: "ServiceAccount", name: patroniAccount, namespace }],
    },
  ];
}

/** The primary's service where its Endpoints are the lock: Patroni keeps them, and a selector would have the lab do so, too. */
export function leaderService(namespace: string, name: string, port: number): NewObject {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace, labels: { app: name } },
    spec: { clusterIP: "None", type: "ClusterIP", ports: [{ name, port, targetPort: port, protocol: "TCP" }] },
  };
}
