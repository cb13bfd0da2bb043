/** The object of the Kubernetes API in which Patroni keeps its leader lock. Pure; the rights are made from it, too. */
export interface LockObject {
  kind: LockKind;
  name: string;
}

export type LockKind = "Endpoints" | "ConfigMap";

/** Patroni's scope where no parameter says otherwise. */
export const defaultScope = "postgresql";

/**
 * By the parameters `lock` and `scope` of a run or a target; null: the lock is in etcd. Patroni's leader_path: the Endpoints
 * `{scope}` with use_endpoints, otherwise the ConfigMap `{scope}-leader` (patroni v4.1.4, patroni/dcs/kubernetes.py,
 * client_path and leader_path; the same in 3.0.2). A group of Citus, which has a number in between, is not known here.
 */
export function lockObjectOf(parameters: Readonly<Record<string, unknown>>): LockObject | null {
  const { lock, scope = defaultScope } = parameters;
  if (lock === "endpoints") return { kind: "Endpoints", name: String(scope) };
  return lock === "configmap" ? { kind: "ConfigMap", name: `${String(scope)}-leader` } : null;
}

/**
 * Why no partition between pods shows what it shows where the lock is in etcd, as part of a sentence (Patroni documentation,
 * Kubernetes: members ask the API server, which is no pod of theirs).
 */
export const uncutLock =
  "the lock is in the Kubernetes API, from which a partition between pods does not cut a primary off";
