import { accounts, ofTargets, type Account, type Right, type Where } from "./right.ts";

/** Where the accounts are, and where what they may do counts. */
export interface Grounds {
  /** Of the service accounts and their Deployments. */
  release: string;
  /** Namespaces in which runs may be; null: in any, so that the rules count everywhere. */
  targets: readonly string[] | null;
  /** Of the halt's ConfigMap. */
  latch: string;
  /** Of Chaos Mesh's own pods. */
  injector: string;
  /** The accounts' names, by role. */
  names: Readonly<Record<Account, string>>;
}

export interface PolicyRule {
  apiGroups: string[];
  resources: string[];
  resourceNames?: string[];
  verbs: string[];
}

/** A Role or ClusterRole with its binding; `rights` stand behind its rules, in the same order. */
export interface RoleManifest {
  account: Account;
  kind: "Role" | "ClusterRole";
  name: string;
  /** Null for a ClusterRole. */
  namespace: string | null;
  rights: readonly Right[];
}

const rbac = "rbac.authorization.k8s.io";

export function ruleOf({ apiGroup, resources, resourceNames, verbs }: Right): PolicyRule {
  return {
    apiGroups: [apiGroup],
    resources: [...resources],
    ...(resourceNames === undefined ? {} : { resourceNames: [...resourceNames] }),
    verbs: [...verbs],
  };
}

/** The roles that give these rights: a Role wherever one suffices, a ClusterRole for the rest. Pure. */
export function rolesFor(rights: readonly Right[], { targets, latch, injector, names }: Grounds): RoleManifest[] {
  return accounts.flatMap((account) => {
    const of = (...where: Where[]): Right[] =>
      rights.filter((right) => right.account === account && where.includes(right.where));
    const name = names[account];
    const role = (namespace: string, own: Right[], suffix = ""): RoleManifest => ({
      account,
      kind: "Role",
      name: `${name}${suffix}`,
      namespace,
      rights: own,
    });
    const everywhere = targets === null ? of("targets", "cluster") : of("cluster");
    const roles: RoleManifest[] = [
      ...(targets ?? []).map((namespace) => role(namespace, of("targets"))),
      // What counts everywhere counts there, too.
      ...(targets === null ? [] : [role(injector, of("injector"), "-injector")]),
      ...ofTargets.flatMap((what) =>
        namespacesOf(of(what)).map((namespace) =>
          role(
            namespace,
            of(what).filter((right) => right.namespace === namespace),
            `-${what}`,
          ),
        ),
      ),
      // A name of its own: the latch's namespace may be one of the others.
      role(latch, of("latch"), "-halt"),
      { account, kind: "ClusterRole", name, namespace: null, rights: everywhere },
    ];
    return roles.filter(({ rights: own }) => own.length > 0);
  });
}

function namespacesOf(rights: readonly Right[]): string[] {
  return [...new Set(rights.flatMap(({ namespace }) => namespace ?? []))].toSorted();
}

/** Label on what `aftershock rbac` prints, so that it can be found and removed again. */
const labels = { "app.kubernetes.io/name": "aftershock", "app.kubernetes.io/component": "rbac" };

/** A role and its binding as objects of the API. */
export function objectsOf(role: RoleManifest, { release, names }: Grounds): [object, object] {
  const { kind, name, namespace, account } = role;
  const metadata = { name, ...(namespace === null ? {} : { namespace }), labels };
  return [
    { apiVersion: `${rbac}/v1`, kind, metadata, rules: role.rights.map(ruleOf) },
    {
      apiVersion: `${rbac}/v1`,
      kind: `${kind}Binding`,
      metadata,
      roleRef: { apiGroup: rbac, kind, name },
      subjects: [{ kind: "ServiceAccount", name: names[account], namespace: release }],
    },
  ];
}

/** The accounts themselves, and the namespaces that must be there before a role can be in them. */
export function groundObjects({ release, latch, names }: Grounds): object[] {
  return [
    ...[...new Set([release, latch])].map((name) => ({ apiVersion: "v1", kind: "Namespace", metadata: { name } })),
    ...accounts.map((account) => ({
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name: names[account], namespace: release, labels },
    })),
  ];
}
