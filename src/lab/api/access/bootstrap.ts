/**
 * The roles that a cluster has from the start, as far as the lab needs them.
 * Source: plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go of Kubernetes 1.32.
 */
import type { ObjectStore } from "../../objects.ts";
import type { PolicyRule } from "./rbac.ts";

const discoveryUrls = ["/livez", "/readyz", "/healthz", "/version", "/version/"].concat([
  "/openapi",
  "/openapi/*",
  "/api",
  "/api/*",
  "/apis",
  "/apis/*",
]);

const roles: ReadonlyArray<{ name: string; group: string; rules: readonly PolicyRule[] }> = [
  {
    name: "cluster-admin",
    group: "system:masters",
    rules: [
      { apiGroups: ["*"], resources: ["*"], verbs: ["*"] },
      { nonResourceURLs: ["*"], verbs: ["*"] },
    ],
  },
  {
    name: "system:discovery",
    group: "system:authenticated",
    rules: [{ nonResourceURLs: discoveryUrls, verbs: ["get"] }],
  },
  {
    name: "system:basic-user",
    group: "system:authenticated",
    rules: [
      {
        apiGroups: ["authorization.k8s.io"],
        resources: ["selfsubjectaccessreviews", "selfsubjectrulesreviews"],
        verbs: ["create"],
      },
      { apiGroups: ["authentication.k8s.io"], resources: ["selfsubjectreviews"], verbs: ["create"] },
    ],
  },
];

/** Creates them and their bindings. */
export function createBootstrapRoles(store: ObjectStore): void {
  const apiGroup = "rbac.authorization.k8s.io";
  const apiVersion = `${apiGroup}/v1`;
  for (const { name, group, rules } of roles) {
    const metadata = { name, labels: { "kubernetes.io/bootstrapping": "rbac-defaults" } };
    store.create({ apiVersion, kind: "ClusterRole", metadata, rules });
    const roleRef = { apiGroup, kind: "ClusterRole", name };
    const subjects = [{ apiGroup, kind: "Group", name: group }];
    store.create({ apiVersion, kind: "ClusterRoleBinding", metadata, roleRef, subjects });
  }
}
