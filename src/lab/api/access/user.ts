/** Who sends a request, as the API server knows them. */
export interface User {
  username: string;
  uid?: string;
  groups: readonly string[];
  /** The pod that the token is bound to (in Kubernetes the extra `authentication.kubernetes.io/pod-name`). */
  pod?: { namespace: string; name: string };
}

/** May do everything, whatever RBAC says, as in Kubernetes. */
export const mastersGroup = "system:masters";
export const authenticatedGroup = "system:authenticated";

/** Whoever has the kubeconfig that the lab writes. */
export const labUser: User = { username: "lab", groups: [mastersGroup, authenticatedGroup] };

/** Source: k8s.io/apiserver/pkg/authentication/serviceaccount/util.go. */
export function serviceAccountUser(account: { namespace: string; name: string; uid: string }): User {
  const { namespace, name, uid } = account;
  return {
    username: serviceAccountName(namespace, name),
    uid,
    groups: ["system:serviceaccounts", `system:serviceaccounts:${namespace}`, authenticatedGroup],
  };
}

export function serviceAccountName(namespace: string, name: string): string {
  return `system:serviceaccount:${namespace}:${name}`;
}
