/**
 * The decision of RBAC, as one pure function.
 * Source: pkg/apis/rbac/v1/evaluation_helpers.go and plugin/pkg/auth/authorizer/rbac/rbac.go of Kubernetes 1.32.
 * What is left out: escalation prevention (the lab lets whoever may write roles write any), and aggregated ClusterRoles.
 */

/** A rule of a Role or ClusterRole (rbac.authorization.k8s.io/v1 PolicyRule). */
export interface PolicyRule {
  verbs: readonly string[];
  /** `""` is the core group. */
  apiGroups?: readonly string[];
  /** `pods`, `pods/exec`, `*`, or a subresource of everything: `*` + `/scale`. */
  resources?: readonly string[];
  /** Absent or empty: all. A request without a name (list, create) never matches a rule that has names. */
  resourceNames?: readonly string[];
  /** `/healthz`, `/api/*`, `*`. */
  nonResourceURLs?: readonly string[];
}

/** What a request for objects wants. Empty strings: the core group, no subresource, the cluster scope, no name. */
export interface ResourceAttributes {
  about: "resource";
  verb: string;
  group: string;
  resource: string;
  subresource: string;
  namespace: string;
  name: string;
}

/** What a request for anything else wants; the verb is the HTTP method in small letters. */
export interface PathAttributes {
  about: "path";
  verb: string;
  path: string;
}

export type Attributes = ResourceAttributes | PathAttributes;

/** A rule that somebody has, and where it counts. */
export interface Grant {
  rule: PolicyRule;
  /** The only namespace in which it counts (a RoleBinding's); null: everywhere (a ClusterRoleBinding's). */
  namespace: string | null;
  /** Through what it was given, in RBAC's words: `RoleBinding "bot/cache" of Role "bot" to ServiceAccount "bot/ops"`. */
  through: string;
}

/** The first grant that allows it, or null: refused. Grants only add up; there is no rule that takes away. */
export function decide(grants: readonly Grant[], attributes: Attributes): Grant | null {
  return grants.find((grant) => reaches(grant, attributes) && matches(grant.rule, attributes)) ?? null;
}

function reaches({ namespace }: Grant, attributes: Attributes): boolean {
  return namespace === null || (attributes.about === "resource" && attributes.namespace === namespace);
}

/** Whether a rule, taken alone, covers the attributes. */
export function matches(rule: PolicyRule, attributes: Attributes): boolean {
  if (!hasOrAll(rule.verbs, attributes.verb)) return false;
  if (attributes.about === "path") return (rule.nonResourceURLs ?? []).some((url) => urlMatches(url, attributes.path));
  const { group, resource, subresource, name } = attributes;
  const names = rule.resourceNames ?? [];
  return (
    hasOrAll(rule.apiGroups ?? [], group) &&
    (rule.resources ?? []).some((wanted) => resourceMatches(wanted, resource, subresource)) &&
    (names.length === 0 || names.includes(name))
  );
}

function hasOrAll(list: readonly string[], wanted: string): boolean {
  return list.includes("*") || list.includes(wanted);
}

// `pods` is not `pods/exec`: a subresource is only covered by its own name, by `*`, or by `*` + `/exec`.
function resourceMatches(inRule: string, resource: string, subresource: string): boolean {
  if (inRule === "*") return true;
  if (subresource === "") return inRule === resource;
  return inRule === `${resource}/${subresource}` || inRule === `*/${subresource}`;
}

function urlMatches(inRule: string, path: string): boolean {
  if (inRule === "*" || inRule === path) return true;
  return inRule.endsWith("*") && path.startsWith(inRule.replace(/\*+$/, ""));
}
