/** What tests of access control need of a lab, be it in this process or a child: accounts, their kubeconfigs, the log. */
import { readFileSync, writeFileSync } from "node:fs";
import { parse, stringify } from "yaml";
import type { AccessEntry } from "../../src/lab/api/access/access-log.ts";
import type { PolicyRule } from "../../src/lab/api/access/rbac.ts";
import { kubectlOk } from "./kubectl.ts";

/** What the lab's API was asked and what it decided, oldest first; of one user, when named. */
export async function readAccessLog(adminKubeconfig: string, username?: string): Promise<AccessEntry[]> {
  const { entries } = JSON.parse(await kubectlOk(adminKubeconfig, ["get", "--raw", "/lab/access-log"])) as {
    entries: AccessEntry[];
  };
  return username === undefined ? entries : entries.filter(({ user }) => user === username);
}

export async function clearAccessLog(adminKubeconfig: string): Promise<void> {
  await kubectlOk(adminKubeconfig, ["delete", "--raw", "/lab/access-log"]);
}

/** Writes to `path` a kubeconfig (the admin's, if no other) with a fresh token of a service account, which exists, in place of its user. */
export async function accountKubeconfig(
  adminKubeconfig: string,
  account: { namespace: string; name: string },
  path: string,
  model = adminKubeconfig,
): Promise<string> {
  const token = await kubectlOk(adminKubeconfig, ["create", "token", account.name, "-n", account.namespace]);
  const config = parse(readFileSync(model, "utf8")) as { users: Array<{ user: { token: string } }> };
  config.users[0]!.user.token = token.trim();
  writeFileSync(path, stringify(config), { mode: 0o600 });
  return path;
}

/**
 * A service account (made if missing) with rules in one namespace, or everywhere with `null`: a Role and RoleBinding, or
 * ClusterRole and ClusterRoleBinding, of the account's name.
 */
export function grantManifest(
  account: { namespace: string; name: string },
  namespace: string | null,
  rules: readonly PolicyRule[],
): string {
  const apiVersion = "rbac.authorization.k8s.io/v1";
  const { name } = account;
  const metadata = namespace === null ? { name } : { name, namespace };
  const [role, binding] = namespace === null ? ["ClusterRole", "ClusterRoleBinding"] : ["Role", "RoleBinding"];
  return [
    { apiVersion: "v1", kind: "ServiceAccount", metadata: account },
    { apiVersion, kind: role, metadata, rules },
    {
      apiVersion,
      kind: binding,
      metadata,
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: role, name },
      subjects: [{ kind: "ServiceAccount", ...account }],
    },
  ]
    .map((object) => stringify(object))
    .join("---\n");
}
