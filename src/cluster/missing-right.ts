import { AftershockError } from "../errors.ts";

/** What an API server would not let us do. */
export interface MissingRight {
  user: string;
  verb: string;
  /** `pods`, `pods/exec`, `networkchaos.chaos-mesh.org`. */
  resource: string;
  /** Null at the cluster scope. */
  namespace: string | null;
}

/**
 * Kubernetes' own words (apiserver, endpoints/handlers/responsewriters/errors.go): `pods is forbidden: User "u" cannot list
 * resource "pods" in API group "" in the namespace "cache"`, or `… at the cluster scope`.
 */
const words =
  /User "([^"]{1,253})" cannot ([a-z]{1,20}) resource "([^"]{1,253})" in API group "([^"]{0,253})" (?:in the namespace "([^"]{1,63})"|at the cluster scope)/;

/** The right that a 403 says is missing; null for another answer, or one in other words. Pure. */
export function missingRight(problem: { status: number | null; message: string }): MissingRight | null {
  if (problem.status !== 403) return null;
  const [, user, verb, plural, group, namespace] = words.exec(problem.message) ?? [];
  if (user === undefined || verb === undefined || plural === undefined) return null;
  return { user, verb, resource: group ? `${plural}.${group}` : plural, namespace: namespace ?? null };
}

/** The same for people: which right, whose, and how it is given. */
export function notGranted(cluster: string, doing: string, missing: MissingRight, cause: unknown): AftershockError {
  const { user, verb, resource, namespace } = missing;
  const where = namespace === null ? "at the cluster scope" : `in namespace ${namespace}`;
  const ask = [
    `kubectl auth can-i ${verb} ${resource}`,
    ...(namespace === null ? [] : [`-n ${namespace}`]),
    ...(user.startsWith("system:serviceaccount:") ? [`--as ${user}`] : []),
  ].join(" ");
  return new AftershockError(
    "cluster_refused",
    `Cluster ${cluster} refused ${doing}: ${user} lacks the right to ${verb} ${resource} ${where}.`,
    `Grant what the configuration needs: aftershock rbac --config aftershock.yaml --cluster ${cluster} | kubectl apply -f -  Then look: ${ask}`,
    { cause },
  );
}
